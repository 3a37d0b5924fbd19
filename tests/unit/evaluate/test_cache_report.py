"""The cache is measured against what the judge itself says of every window."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pipeline.clock import SystemClock
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import AnsweredBy, Judgment
from pipeline.domain.taxonomy import EvidenceKind, RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.verdict import Evidence
from pipeline.errors import InputError
from pipeline.evaluate.cache_report import (
    Asked,
    CacheReport,
    ReplayedJudge,
    ask,
    dialogues_of,
    differences,
    measure_cache,
)
from pipeline.evaluate.datasets import Case
from pipeline.judge.base import Judge
from pipeline.judge.cache import CachedJudge, CacheRules
from pipeline.judge.phrases import PhraseRules
from pipeline.settings import Settings
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, ScriptedJudge, judgment
from tests.unit.evaluate.rows import case
from tests.unit.judge.windows import window

POLICY = load_policy(BUILT_IN_POLICY)
DOCTOR, PATIENT = SpeakerRole.CLINICIAN, SpeakerRole.PATIENT


def dialogue(name: str, *texts: str) -> list[Case]:
    turns = tuple((PATIENT if n % 2 else DOCTOR, text) for n, text in enumerate(texts))
    return [Case("talk", f"{name}:{n}", "en", turns[:n]) for n in range(1, len(turns) + 1)]


def report_of(cases: list[Case], judge: Judge) -> CacheReport:
    chunks = [chunk for one in dialogues_of(cases, limit=None) for chunk in one]
    events: Counter[str] = Counter()

    def on_event(event: str, _sizes: Mapping[str, int]) -> None:
        events[event] += 1

    async def measured() -> CacheReport:
        asked = await ask(judge, chunks, settings=Settings(), policy=POLICY, clock=SystemClock(), concurrency=4)
        cache = CachedJudge(
            ReplayedJudge(asked, SCRIPTED_MODEL),
            scope="policy/1",
            rules=CacheRules(phrases=PhraseRules(promote_after=2), recheck_every=2**63),
            on_event=on_event,
        )
        return await measure_cache(asked, cache, events, policy=POLICY, dataset="talk", turns=len(chunks))

    return asyncio.run(measured())


def test_hits_are_counted_by_kind_over_the_windows_that_came_to_the_judge() -> None:
    cases = [
        *dialogue("a", "Good to see you.", "Um.", "The knee is better.", "Oh good."),
        *dialogue("b", "Good to see you.", "My elbow hurts since the weekend.", "Let me look."),
        *dialogue("c", "The tests are back.", "All of them came back fine.", "Good to see you."),
        *dialogue("d", "The tests are back.", "I slept well, for the first time in weeks.", "Good to see you."),
        *dialogue("e", "I read your letter.", "It was long, and I am sorry about that.", "Good to see you."),
    ]
    report = report_of(cases, ScriptedJudge())

    assert (report.dialogues, report.turns) == (5, 16)
    assert report.windows == 15
    assert report.exact == 2
    assert report.template >= 1
    assert report.promoted >= 1
    assert report.hit_rate == pytest.approx(report.exact_rate + report.template_rate)
    assert (report.differing_exact, report.differing_labels, report.differing_levels) == (0, 0, 0)


def test_a_phrase_that_the_judge_would_have_stopped_is_told_by_its_chunk() -> None:
    script = {"n": 0}

    def turning(_window: object) -> Judgment:
        script["n"] += 1
        return judgment(RiskLevel.UNSAFE if script["n"] > 4 else RiskLevel.SAFE)

    cases = [
        *dialogue("a", "The tests are back, all of them, at last.", "Go on then."),
        *dialogue("b", "I read your letter, and the one before it.", "Go on then."),
        *dialogue("c", "Your blood pressure is down, which is good.", "Go on then."),
    ]
    report = report_of(cases, ScriptedJudge(turning))

    assert report.template == 1
    assert (report.differing_labels, report.differing_levels, report.differing_exact) == (1, 1, 0)
    assert len(report.differing_ids) == 1


def test_labelled_rows_are_refused_and_the_limit_counts_dialogues() -> None:
    with pytest.raises(InputError, match="labelled"):
        list(dialogues_of([case()], limit=None))
    assert [len(one) for one in dialogues_of([*dialogue("a", "x", "y"), *dialogue("b", "z")], limit=1)] == [2]


def test_an_exact_hit_is_the_judges_answer_to_the_last_digit_and_a_phrase_may_have_other_scores() -> None:
    fresh = judgment(score=0.98)
    asked = Asked(window("Fine."), fresh, ())
    nearly = replace(fresh, label_mass=0.9991)

    assert differences(replace(fresh, answered_by=AnsweredBy.CACHE), asked, POLICY) == ()
    assert differences(replace(nearly, answered_by=AnsweredBy.CACHE), asked, POLICY) == ("exact",)
    assert differences(replace(nearly, answered_by=AnsweredBy.TEMPLATE), asked, POLICY) == ()


def test_evidence_can_make_the_verdict_the_same_where_the_label_is_not() -> None:
    asked = Asked(window("Fine."), judgment(RiskLevel.UNSAFE), (Evidence(EvidenceKind.PHONE, 0, 4, 0.9),))
    remembered = replace(judgment(), answered_by=AnsweredBy.TEMPLATE)

    assert differences(remembered, asked, POLICY) == ("label",)
