"""What was recorded is judged again and compared, and what cannot be is counted by its reason."""

import asyncio
import base64
from dataclasses import replace

import pytest

from pipeline.audit.chain import link
from pipeline.broker.base import Record
from pipeline.clock import SystemClock
from pipeline.domain.audit import GENESIS, AuditRecord, Exchange
from pipeline.domain.judgment import Abstention, AbstentionReason, AnsweredBy, Judgment, ModelIdentity
from pipeline.domain.sealing import Sealed
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import CleanChunk, SpeakerRole
from pipeline.domain.window import ContextWindow, Turn
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.opening import Opener
from pipeline.runtime.replay import ReplayReport, recorded, replay
from pipeline.testing.builders import build_chunk
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, ScriptedJudge, judgment
from tests.audit_chains import CHAIN, entry, records, verdict

PROVIDER = EnvironmentKeys(base64.b64encode(bytes(32)).decode(), variable="KEY")
EARLIER = (Turn(SpeakerRole.CLINICIAN, "Where does it hurt?"),)


def _judged(
    finding: Judgment | Abstention, *, text: str = "In the back.", model: ModelIdentity = SCRIPTED_MODEL
) -> AuditRecord:
    chunk = build_chunk(f"Um, {text}")
    window = ContextWindow(CleanChunk(chunk, text, tuple(range(len(text) + 1)), "clean-1"), EARLIER)
    return replace(entry(0), verdict=replace(verdict(), model=model), exchange=Exchange(chunk.text, window, finding))


class _Trail:
    """Records linked and sealed, and the keys they were sealed with."""

    def __init__(self) -> None:
        self._keys = ConsultationKeys(PROVIDER, clock=SystemClock())
        self._head, self.values = GENESIS, list[bytes | None]()

    def add(self, record: AuditRecord, *, sealed: bool = True) -> None:
        value, self._head = link(record, chain_id=CHAIN, head=self._head, seal=self._seal if sealed else None)
        self.values.append(value)

    def _seal(self, consult_id: str, plain: bytes, bound: bytes) -> Sealed:
        return self._keys.seal(consult_id, plain, bound_to=bound)

    def opener(self, *, erased: bool = False) -> Opener:
        return Opener(PROVIDER, [] if erased else self._keys.unpublished(["consult-1"]))

    def records(self) -> list[Record]:
        return records(self.values)


def _replayed(trail: _Trail, judge: ScriptedJudge, *, erased: bool = False) -> ReplayReport:
    report = ReplayReport()
    requests = recorded(trail.records(), trail.opener(erased=erased), report)
    asyncio.run(replay(judge, requests, report, concurrency=3))
    return report


def test_a_judge_that_answers_the_same_is_identical_and_reads_what_was_read_before() -> None:
    trail, judge = _Trail(), ScriptedJudge({"It aches.": judgment(RiskLevel.UNSAFE, score=0.71)})
    trail.add(_judged(judgment()))
    trail.add(_judged(judgment(RiskLevel.UNSAFE, score=0.71), text="It aches."))

    report = _replayed(trail, judge)

    assert (report.judged, report.replayed, report.same_label, report.same_scores) == (2, 2, 2, 2)
    assert report.identical
    assert [(window.turns, window.chunk.text) for window in judge.calls] == [
        (EARLIER, "In the back."),
        (EARLIER, "It aches."),
    ]


def test_another_label_or_another_score_is_named_by_its_record() -> None:
    trail = _Trail()
    trail.add(_judged(judgment(score=0.9)))
    trail.add(_judged(judgment(score=0.97), text="It aches."))

    report = _replayed(trail, ScriptedJudge({"It aches.": judgment(RiskLevel.CONTESTED)}))

    assert (report.replayed, report.same_label, report.same_scores) == (2, 1, 0)
    assert report.differing == [f"{CHAIN}/0", f"{CHAIN}/1"]
    assert report.largest_difference == pytest.approx(0.98 - 0.015)
    assert not report.identical


def test_an_abstention_is_the_same_for_the_same_reason_alone() -> None:
    trail, unreadable = _Trail(), Abstention(AbstentionReason.UNREADABLE, SCRIPTED_MODEL)
    trail.add(_judged(unreadable))
    trail.add(_judged(unreadable, text="It aches."))

    refused = Abstention(AbstentionReason.REFUSED, SCRIPTED_MODEL)
    report = _replayed(trail, ScriptedJudge({"In the back.": unreadable, "It aches.": refused}))

    assert (report.same_label, report.same_scores) == (1, 1)


def test_what_cannot_be_judged_again_is_counted_by_its_reason() -> None:
    trail = _Trail()
    trail.add(_judged(judgment(), model=ModelIdentity("guard", "2", "p")))
    trail.add(_judged(replace(judgment(), answered_by=AnsweredBy.CACHE)))
    trail.add(_judged(judgment()), sealed=False)
    trail.values.append(b"{}")

    report = _replayed(trail, ScriptedJudge())

    assert (report.judged, report.other_model, report.remembered, report.not_sealed, report.unreadable) == (
        3,
        1,
        1,
        1,
        1,
    )
    assert report.replayed == 0


def test_of_an_erased_consultation_nothing_is_judged() -> None:
    trail, judge = _Trail(), ScriptedJudge()
    trail.add(_judged(judgment()))

    assert _replayed(trail, judge, erased=True).erased == 1
    assert judge.calls == []
