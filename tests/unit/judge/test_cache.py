"""What is remembered was said by the judge, says that it is remembered, and is doubted for ever."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decide.evaluate import evaluate
from pipeline.decide.loader import BUILT_IN_POLICY, load_policy
from pipeline.domain.judgment import Abstention, AbstentionReason, AnsweredBy, Judgment, ModelIdentity
from pipeline.domain.taxonomy import RiskLevel
from pipeline.domain.transcript import SpeakerRole
from pipeline.domain.verdict import DecidedBy
from pipeline.domain.window import ContextWindow
from pipeline.errors import JudgeUnavailable
from pipeline.judge.cache import CachedJudge, CacheEvent, CacheRules, digest
from pipeline.judge.phrases import PhraseRules, is_phrase
from pipeline.testing.scripted_judge import SCRIPTED_MODEL, Scripted, ScriptedJudge, judgment
from tests.unit.judge.windows import window

DOCTOR, PATIENT = SpeakerRole.CLINICIAN, SpeakerRole.PATIENT
POLICY = load_policy(BUILT_IN_POLICY)
NEVER = 2**63
"""A recheck interval that no chunk of these tests falls on."""


def said(
    text: str, *turns: tuple[SpeakerRole, str], consultation: int = 0, seq: int = 1, role: SpeakerRole = PATIENT
) -> ContextWindow:
    made = window(text, *turns, seq=seq, role=role)
    chunk = replace(made.chunk.chunk, consult_id=f"consult-{consultation}")
    return replace(made, chunk=replace(made.chunk, chunk=chunk))


class Setup:
    """A cache around a scripted judge; phrases are known after three consultations."""

    def __init__(
        self,
        answers: Mapping[str, Scripted] | None = None,
        *,
        entries: int = 100,
        phrases: PhraseRules | None = None,
        recheck_every: int = NEVER,
        scope: str = "policy/1",
    ) -> None:
        self.inner = ScriptedJudge(answers)
        self.events: list[CacheEvent] = []
        rules = CacheRules(entries, phrases or PhraseRules(promote_after=3), recheck_every)
        self.cache = CachedJudge(
            self.inner, scope=scope, rules=rules, on_event=lambda event, _sizes: self.events.append(event)
        )

    def judge(self, *windows: ContextWindow) -> list[Judgment | Abstention]:
        async def all_of_them() -> list[Judgment | Abstention]:
            return [await self.cache.judge(one) for one in windows]

        return asyncio.run(all_of_them())

    def answered_by(self, *windows: ContextWindow) -> list[AnsweredBy]:
        return [one.answered_by for one in self.judge(*windows) if isinstance(one, Judgment)]

    def promote(self, text: str = "Can you hear me?") -> None:
        for number in range(3):
            self.judge(said(text, (DOCTOR, f"Line {number}."), consultation=number))


def test_the_same_window_is_judged_once_and_the_second_answer_says_it_is_remembered() -> None:
    setup = Setup({"My chart says Rivera.": judgment(RiskLevel.UNSAFE, score=0.9)})
    first, second = setup.judge(said("My chart says Rivera."), said("My chart says Rivera.", consultation=7, seq=4))

    assert isinstance(first, Judgment)
    assert first.answered_by is AnsweredBy.MODEL
    assert second == replace(first, answered_by=AnsweredBy.CACHE)
    assert len(setup.inner.calls) == 1


def test_a_verdict_on_a_remembered_answer_is_decided_by_the_cache_and_has_the_same_level() -> None:
    setup = Setup({"x": judgment(RiskLevel.UNSAFE, score=0.9)})
    fresh, cached = (evaluate(one, (), policy=POLICY, language="en") for one in setup.judge(said("x"), said("x")))

    assert cached == replace(fresh, decided_by=DecidedBy.CACHE)


_BASE = said("The knee is better.", (DOCTOR, "Go on."))


@pytest.mark.parametrize(
    "other",
    [
        said("The knee is worse.", (DOCTOR, "Go on.")),
        said("The knee is better.", (DOCTOR, "Go on.."), seq=1),
        said("The knee is better.", (PATIENT, "Go on.")),
        said("The knee is better.", (DOCTOR, "Go on."), role=DOCTOR),
        said("The knee is better."),
        said("The knee is better.", (DOCTOR, "Go on."), (DOCTOR, "")),
    ],
)
def test_any_difference_that_the_judge_can_see_is_judged_anew(other: ContextWindow) -> None:
    setup = Setup()
    assert setup.answered_by(_BASE, other) == [AnsweredBy.MODEL] * 2


@pytest.mark.parametrize("field", ["name", "revision", "prompt_version"])
def test_another_model_revision_or_prompt_is_asked_anew(field: str) -> None:
    class Changing(ScriptedJudge):
        current = SCRIPTED_MODEL

        @property
        def identity(self) -> ModelIdentity:
            return self.current

    inner = Changing(lambda _window: judgment(model=inner.current))
    cache = CachedJudge(inner, scope="policy/1")
    text = "My elbow hurts when I lift the kettle, mostly at night."

    async def scenario() -> None:
        await cache.judge(said(text))
        inner.current = replace(SCRIPTED_MODEL, **{field: "2"})
        await cache.judge(said(text))

    asyncio.run(scenario())
    assert len(inner.calls) == 2


def test_an_abstention_or_a_fault_is_not_remembered() -> None:
    setup = Setup({"a": Abstention(AbstentionReason.UNREADABLE, SCRIPTED_MODEL), "b": JudgeUnavailable("away")})
    setup.judge(said("a"), said("a"))
    for _ in range(2):
        with pytest.raises(JudgeUnavailable):
            setup.judge(said("b"))

    assert len(setup.inner.calls) == 4


def test_the_least_recently_used_window_is_forgotten_first() -> None:
    setup = Setup(entries=2)
    setup.judge(said("1 a"), said("1 b"), said("1 a"), said("1 c"))

    assert setup.answered_by(said("1 a")) == [AnsweredBy.CACHE]
    assert setup.answered_by(said("1 b")) == [AnsweredBy.MODEL]
    assert setup.cache.sizes["exact"] == 2


def test_a_remembered_sentence_is_left_out_where_it_would_quote_this_chunk() -> None:
    setup = Setup({"He works there.": judgment(RiskLevel.UNSAFE, reason="It names an employer.")})
    plain = said("He works there.")
    raw = replace(plain.chunk.chunk, text="Er, names an employer, he works there.")
    quoting = replace(plain, chunk=replace(plain.chunk, chunk=raw))

    reasons = [one.reason for one in setup.judge(plain, plain, quoting) if isinstance(one, Judgment)]
    assert reasons == ["It names an employer.", "It names an employer.", None]


def test_a_phrase_is_known_after_enough_consultations_whatever_the_turns_before() -> None:
    setup = Setup()
    setup.promote()

    [found] = setup.judge(said("Can you hear me?", (DOCTOR, "Something new."), consultation=9))
    assert isinstance(found, Judgment)
    assert (found.answered_by, found.label) == (AnsweredBy.TEMPLATE, RiskLevel.SAFE)
    assert len(setup.inner.calls) == 3


def test_one_consultation_promotes_no_phrase_however_often_it_says_it() -> None:
    setup = Setup()
    windows = [said("Okay then.", (DOCTOR, f"Line {n}."), seq=n) for n in range(10)]
    assert set(setup.answered_by(*windows)) == {AnsweredBy.MODEL}


def test_a_phrase_of_one_role_is_not_known_for_another() -> None:
    setup = Setup()
    setup.promote()
    assert setup.answered_by(said("Can you hear me?", (DOCTOR, "New."), role=DOCTOR)) == [AnsweredBy.MODEL]


@pytest.mark.parametrize(
    "question",
    ["Shall I stop the warfarin myself?", "我可以自己停药吗", "你自己加倍吃药吗。", "薬をやめてもいいですか。"],
)
def test_a_known_phrase_that_answers_a_question_is_judged(question: str) -> None:
    setup = Setup()
    setup.promote("Sure, go ahead.")
    assert setup.answered_by(said("Sure, go ahead.", (PATIENT, question))) == [AnsweredBy.MODEL]


def test_answers_to_questions_promote_nothing() -> None:
    setup = Setup()
    for number in range(5):
        setup.judge(said("Yes.", (DOCTOR, f"Any pain in part {number}?"), consultation=number))
    assert setup.cache.sizes["phrases"] == 0


@pytest.mark.parametrize(
    "other",
    [
        judgment(RiskLevel.SAFE, score=0.94),
        judgment(RiskLevel.CONTESTED),
        judgment(RiskLevel.UNSAFE),
        judgment(RiskLevel.SAFE, label_mass=0.9),
        judgment(RiskLevel.SAFE, score=float("nan")),
        Abstention(AbstentionReason.UNREADABLE, SCRIPTED_MODEL),
    ],
)
@pytest.mark.parametrize("promoted", [True, False])
def test_the_first_other_answer_refuses_a_phrase_for_good(other: Scripted, promoted: bool) -> None:
    setup = Setup()
    if promoted:
        setup.promote()
    setup.inner.say({"Can you hear me?": other})
    setup.judge(said("Can you hear me?", (DOCTOR, "Did you say who you are?"), consultation=50))
    setup.inner.say({})
    windows = [said("Can you hear me?", (DOCTOR, f"Later {n}."), consultation=100 + n) for n in range(9)]

    assert set(setup.answered_by(*windows)) == {AnsweredBy.MODEL}
    assert setup.events.count(CacheEvent.DEMOTED) == int(promoted)


def test_that_no_judge_answered_says_nothing_of_a_phrase() -> None:
    setup = Setup({"Okay then.": Abstention(AbstentionReason.UNAVAILABLE, SCRIPTED_MODEL)})
    setup.judge(said("Okay then."))
    setup.inner.say({})
    setup.promote("Okay then.")
    assert setup.cache.sizes["phrases"] == 1


def test_a_sample_of_a_phrases_hits_is_judged_for_ever_and_the_same_one_on_a_replay() -> None:
    def judged_again() -> list[int]:
        setup = Setup(recheck_every=10)
        setup.promote()
        before = len(setup.inner.calls)
        setup.judge(*(said("Can you hear me?", (DOCTOR, "New."), consultation=n) for n in range(500)))
        assert len(setup.inner.calls) - before == setup.events.count(CacheEvent.RECHECK)
        return [int(one.chunk.chunk.consult_id.removeprefix("consult-")) for one in setup.inner.calls[before:]]

    chosen = judged_again()
    assert chosen == judged_again()
    assert 25 <= len(chosen) <= 80


def test_a_recheck_goes_past_the_exact_memory_too_and_can_demote() -> None:
    setup = Setup(recheck_every=1)
    setup.promote()
    setup.inner.say({"Can you hear me?": judgment(RiskLevel.UNSAFE)})
    found = setup.judge(said("Can you hear me?", (DOCTOR, "Line 0."), consultation=0))

    assert [one.label for one in found if isinstance(one, Judgment)] == [RiskLevel.UNSAFE]
    assert setup.cache.sizes["phrases"] == 0


def test_when_the_refused_are_too_many_to_remember_no_phrase_is_learned_any_more() -> None:
    setup = Setup(
        {f"bad {word}": judgment(RiskLevel.UNSAFE) for word in ("one", "other")}, phrases=PhraseRules(3, entries=2)
    )
    setup.judge(said("bad one"), said("bad other"))
    setup.promote()
    assert setup.cache.sizes["phrases"] == 0


def test_phrases_on_trial_are_bounded() -> None:
    setup = Setup(phrases=PhraseRules(3, entries=5))
    setup.judge(*(said("word " * n) for n in range(1, 8)))
    assert setup.cache.sizes["phrases_on_trial"] == 5


@pytest.mark.parametrize("text", ["Can you hear me?", "好的", "I see.", "Okay, I'm here.", "D'accord."])
def test_what_carries_nothing_is_a_phrase(text: str) -> None:
    assert is_phrase(text, holds_number=lambda _: False)


@pytest.mark.parametrize("text", ["", "x" * 41, "room 4", "三点", "٤", "R I V", "It is J.", "ann@clinic", "½ of it"])
def test_what_is_long_or_holds_a_numeral_or_a_letter_spelled_is_none(text: str) -> None:
    assert not is_phrase(text, holds_number=lambda _: False)


def test_a_word_for_a_number_makes_no_phrase() -> None:
    assert not is_phrase("and seven", holds_number=lambda text: "seven" in text)


@given(st.lists(st.text()), st.lists(st.text()))
def test_digests_tell_where_a_part_ends(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_every_call_is_one_event_of_what_answered_it() -> None:
    setup = Setup()
    setup.promote()
    setup.judge(said("Can you hear me?", (DOCTOR, "New.")), said("Can you hear me?", (DOCTOR, "Line 0.")))

    assert Counter(setup.events) == {
        CacheEvent.MISS: 3,
        CacheEvent.PROMOTED: 1,
        CacheEvent.TEMPLATE: 1,
        CacheEvent.EXACT: 1,
    }


def test_starting_and_closing_reach_the_judge() -> None:
    setup = Setup()

    async def scenario() -> None:
        await setup.cache.start()
        await setup.cache.close()

    asyncio.run(scenario())
    assert (setup.inner.started, setup.inner.closed) == (1, 1)
    assert setup.cache.identity == SCRIPTED_MODEL
