"""Recorded requests judged again: determinism, shown on the customer's own hardware from the trail itself."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.audit.chain import bound_to, read_link, sealed_in
from pipeline.broker.audit_codec import request_of
from pipeline.broker.base import Record
from pipeline.domain.audit import AuditEvent
from pipeline.domain.judgment import Abstention, AnsweredBy, Judgment
from pipeline.domain.transcript import CleanChunk, SourceRef, Speaker, TranscriptChunk
from pipeline.domain.window import ContextWindow
from pipeline.errors import KeyMissing, KeyRefused
from pipeline.judge.base import Judge
from pipeline.keys.opening import Opener

_NAMED = 20
"""Differing records that a report names; it counts them all."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it was sealed, and what was answered: the parsed `response`. `model` is name, revision, prompt."""

    event_id: str
    window: ContextWindow
    response: Mapping[str, Any]
    model: tuple[str, str, str]


@dataclass(slots=True)
class ReplayReport:
    """Counts of judged records. Of the `replayed`, `same_label` gave the same label (or abstained for the same reason)
    and `same_scores` the very same three scores; `largest_difference` is between two scores of one label."""

    judged: int = 0
    unreadable: int = 0
    erased: int = 0
    not_sealed: int = 0
    remembered: int = 0
    other_model: int = 0
    replayed: int = 0
    same_label: int = 0
    same_scores: int = 0
    largest_difference: float = 0.0
    differing: list[str] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        return self.replayed == self.same_label == self.same_scores


def recorded(records: Iterable[Record], opener: Opener, report: ReplayReport) -> Iterator[Recorded]:
    """The requests that a model read, of the judged records; what else there is, is counted into `report`.

    Answers out of a memory of ours (`remembered`) are left out: replaying them shows nothing about the model.
    """
    for record in records:
        link = read_link(record.value)
        if isinstance(link, str):
            report.unreadable += 1
            continue
        if link.body["event"] != AuditEvent.JUDGED:
            continue
        report.judged += 1
        sealed = sealed_in(link.body)
        if sealed is None:
            report.not_sealed += 1
            continue
        try:
            opened = opener.open(sealed, bound_to=bound_to(link.body))
        except (KeyMissing, KeyRefused):
            report.erased += 1
            continue
        one = _recorded(link.body, opened)
        if one.response.get("answered_by", AnsweredBy.MODEL) != AnsweredBy.MODEL:
            report.remembered += 1
            continue
        yield one


def _recorded(body: Mapping[str, Any], opened: bytes) -> Recorded:
    request = request_of(opened)
    assert request is not None, "a judged record holds the request it was judged from"
    turns, text, role, language = request
    chunk = TranscriptChunk(
        tenant="replay",
        consult_id=body["consult_id"],
        seq=body["seq"],
        speaker=Speaker(f"spk_{role}", role),
        text=text,
        started_at_ms=0,
        ended_at_ms=0,
        spoken_at="",
        source=SourceRef("audit", "replay", body["event_id"]),
        language=language,
    )
    clean = CleanChunk(chunk, text, tuple(range(len(text) + 1)), body["cleaner_version"])
    model = body["model"]
    return Recorded(
        body["event_id"],
        ContextWindow(clean, turns),
        orjson.loads(opened)["response"],
        (model["name"], model["revision"], model["prompt_version"]),
    )


async def replay(judge: Judge, requests: Iterable[Recorded], report: ReplayReport, *, concurrency: int) -> None:
    """Judge every request again and count into `report`. `judge` is started already; raises what it raises.

    A record of another model, revision or prompt than the judge's is counted and not judged.
    """
    identity = judge.identity
    ours = (identity.name, identity.revision, identity.prompt_version)
    async for one, finding in _judged(judge, _of_model(requests, ours, report), concurrency=concurrency):
        report.replayed += 1
        label, scores = _same(one.response, finding, report)
        report.same_label += label
        report.same_scores += scores
        if not (label and scores) and len(report.differing) < _NAMED:
            report.differing.append(one.event_id)


def _of_model(requests: Iterable[Recorded], ours: tuple[str, str, str], report: ReplayReport) -> Iterator[Recorded]:
    for one in requests:
        if one.model == ours:
            yield one
        else:
            report.other_model += 1


async def _judged(
    judge: Judge, requests: Iterable[Recorded], *, concurrency: int
) -> AsyncIterator[tuple[Recorded, Judgment | Abstention]]:
    waiting: list[tuple[Recorded, asyncio.Task[Judgment | Abstention]]] = []
    try:
        for one in requests:
            waiting.append((one, asyncio.ensure_future(judge.judge(one.window))))
            if len(waiting) >= concurrency:
                first, task = waiting.pop(0)
                yield first, await task
        while waiting:
            first, task = waiting.pop(0)
            yield first, await task
    finally:
        for _, task in waiting:
            task.cancel()


def _same(response: Mapping[str, Any], finding: Judgment | Abstention, report: ReplayReport) -> tuple[bool, bool]:
    if isinstance(finding, Abstention):
        same = response.get("abstained") == finding.reason
        return same, same
    before, now = response.get("scores"), finding.scores
    if before is None or now is None:
        return response.get("label") == finding.label, before is None and now is None
    apart = max(abs(before["safe"] - now.safe), abs(before["contested"] - now.contested))
    apart = max(apart, abs(before["unsafe"] - now.unsafe))
    report.largest_difference = max(report.largest_difference, apart)
    return response.get("label") == finding.label, apart == 0.0
