"""Each fact of the examination follows from the records, and changes when they do."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audit.examination import Examination
from pipeline.audit.examine import ExaminationBuilder, ExaminationScope
from pipeline.audit.working_hours import WorkingHours
from tests.unit.audit.records import COMMAND, EVENTS, LIFECYCLE, NOON_MS, REVIEWER, WORKER, first_version, record

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SOUND = {"verified": True}


def _examined(*records: dict[str, Any], verification: dict[str, Any] | None = SOUND, **scope: Any) -> Examination:
    builder = ExaminationBuilder(ExaminationScope(**scope))
    for each in records:
        builder.add(each)
    return builder.finish(verification=verification)


def _at(minutes: float, event: str = "judged", **changes: Any) -> dict[str, Any]:
    return record(event, recorded_at_ms=NOON_MS + int(minutes * MINUTE_MS), **changes)


def _kinds(found: Examination) -> dict[str, int]:
    return {finding.kind: finding.count for finding in found.findings}


def test_volumes_are_counted_by_day_and_hour_of_the_zone() -> None:
    records = [_at(0), _at(1), record(recorded_at_ms=NOON_MS + 13 * HOUR_MS)]

    utc, tokyo = _examined(*records), _examined(*records, zone="Asia/Tokyo")

    assert utc.records == 3
    assert utc.by_day == {"2026-01-05": 2, "2026-01-06": 1}
    assert (utc.by_hour[12], utc.by_hour[1], sum(utc.by_hour)) == (2, 1, 3)
    assert tokyo.by_day == {"2026-01-05": 2, "2026-01-06": 1}
    assert (tokyo.by_hour[21], tokyo.by_hour[10]) == (2, 1)


def test_events_levels_and_outcomes_are_counted() -> None:
    found = _examined(_at(0, outcome="safe"), _at(1, outcome="safe"), _at(2), _at(3, "skipped"), _at(4, "duplicate"))

    assert found.events == {"judged": 3, "duplicate": 1, "skipped": 1}
    assert found.levels == {"safe": 2, "unsafe": 1}
    assert found.outcomes["judged: safe"] == 2
    assert found.outcomes["skipped: filler"] == 1


def test_what_decided_and_which_categories_are_counted() -> None:
    found = _examined(_at(0, decided_by="judge", categories=["phi", "jailbreak"]), _at(1), _at(2, "skipped"))

    assert found.decided_by == {"judge": 1, "tripwire": 1}
    assert found.categories == {"phi": 2, "jailbreak": 1}


def test_abstentions_are_counted_by_reason_and_found() -> None:
    found = _examined(_at(0, rule="abstained:refused"), _at(1, rule="abstained:refused"), _at(2, rule="judge_safe"))

    assert found.abstentions == {"refused": 2}
    assert _kinds(found)["abstentions"] == 2


def test_dead_letters_are_counted_by_code_and_found() -> None:
    found = _examined(_at(0, "dead_lettered"), _at(1, "dead_lettered", outcome="wrong_schema"), _at(2))

    assert found.dead_letters == {"not_json": 1, "wrong_schema": 1}
    assert _kinds(found)["dead_letters"] == 2


def test_overrides_are_counted_by_reviewer_with_their_share() -> None:
    builder = ExaminationBuilder(ExaminationScope(since_ms=NOON_MS))
    for outcome in ("overturned", "upheld", "upheld", "upheld", "withdrawn"):
        builder.add_review({"outcome": outcome, "reviewer": REVIEWER, "decided_at_ms": NOON_MS})
    builder.add_review({"outcome": "overturned", "reviewer": REVIEWER, "decided_at_ms": NOON_MS - 1})
    found = builder.finish()

    assert (found.reviews.overturned, found.reviews.upheld, found.reviews.other) == (1, 3, 1)
    assert found.reviews.overturned_share == 0.25
    assert found.reviews.by_reviewer == {REVIEWER: 1}
    assert _kinds(found)["overrides"] == 1


def test_nobody_having_reviewed_gives_no_share() -> None:
    assert _examined(_at(0)).reviews.overturned_share is None


@pytest.mark.parametrize(("silence_minutes", "gaps"), [(30, 0), (30.01, 1)])
def test_a_chain_has_a_gap_only_beyond_the_given_minutes(silence_minutes: float, gaps: int) -> None:
    found = _examined(_at(0), _at(silence_minutes), gap_minutes=30)

    assert found.gaps_total == len(found.gaps) == gaps
    assert _kinds(found).get("gaps", 0) == gaps


def test_a_silent_chain_of_the_service_is_listed_and_no_finding() -> None:
    found = _examined(_at(0, "started"), _at(300, "stopped"))

    assert [(gap.chain, gap.minutes) for gap in found.gaps] == [("events/0", 300)]
    assert "gaps" not in _kinds(found)


def test_gaps_are_of_each_chain_and_the_longest_comes_first() -> None:
    other = {"id": "consult.chunks/3", "seq": 0}
    found = _examined(_at(0), _at(0, chain=other), _at(50, chain=other), _at(90), _at(100, chain=other), gap_minutes=40)

    assert [(gap.chain, gap.minutes) for gap in found.gaps] == [
        ("consult.chunks/2", 90),
        ("consult.chunks/3", 50),
        ("consult.chunks/3", 50),
    ]
    assert [(chain.chain, chain.records, chain.gaps) for chain in found.chains] == [
        ("consult.chunks/2", 2, 1),
        ("consult.chunks/3", 3, 2),
    ]


def test_silence_at_both_ends_of_the_period_is_a_gap() -> None:
    found = _examined(_at(0), since_ms=NOON_MS - 2 * HOUR_MS, until_ms=NOON_MS + 3 * HOUR_MS, gap_minutes=60)

    assert [gap.minutes for gap in found.gaps] == [180, 120]
    assert found.gaps[0].from_ms == NOON_MS
    assert found.gaps[1].until_ms == NOON_MS


def test_a_chain_that_must_be_and_is_silent_is_found() -> None:
    scope: dict[str, Any] = {
        "since_ms": NOON_MS,
        "until_ms": NOON_MS + 2 * HOUR_MS,
        "chains": frozenset({"consult.chunks/5"}),
    }
    found = _examined(_at(30), _at(90), **scope)

    assert _kinds(found)["silent_chains"] == 1
    assert ("consult.chunks/5", 120) in [(gap.chain, gap.minutes) for gap in found.gaps]


def test_the_longest_gaps_are_kept_when_there_are_too_many() -> None:
    hours = [0]
    for number in range(1500):
        hours.append(hours[-1] + 2 + number % 700)
    found = _examined(*(_at(60 * hour) for hour in hours))

    assert found.gaps_total == 1500
    assert len(found.gaps) == 1000
    lengths = [gap.minutes for gap in found.gaps]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == 701 * 60


def test_a_clock_that_goes_backwards_is_counted_with_its_largest_step() -> None:
    found = _examined(_at(0), _at(-2), _at(-5), _at(1), _at(1))

    (chain,) = found.chains
    assert (chain.clock_backwards, chain.largest_step_back_ms) == (2, 5 * MINUTE_MS)
    assert (chain.first_ms, chain.last_ms) == (NOON_MS - 5 * MINUTE_MS, NOON_MS + MINUTE_MS)
    assert _kinds(found)["clock_backwards"] == 2


@pytest.mark.parametrize("minutes", [0, -1])
def test_chunks_judged_together_may_have_been_decided_in_another_order(minutes: float) -> None:
    assert "clock_backwards" not in _kinds(_examined(_at(0), _at(minutes), _at(1)))


def test_no_hour_is_unusual_where_no_working_hours_are_given() -> None:
    assert _examined(record(recorded_at_ms=NOON_MS + 12 * HOUR_MS)).out_of_hours is None


def test_records_and_acts_outside_working_hours_are_found() -> None:
    night = NOON_MS + 12 * HOUR_MS
    records = [_at(0), _at(1, "viewed"), record(recorded_at_ms=night), record("viewed", recorded_at_ms=night)]
    found = _examined(*records, working_hours=WorkingHours.parse("mon-fri 7-19"))

    assert found.out_of_hours is not None
    assert found.out_of_hours.records == 2
    assert found.out_of_hours.by_day == {"2026-01-06": 2}
    assert [act.event for act in found.out_of_hours.acts] == ["viewed"]
    assert (_kinds(found)["out_of_hours"], _kinds(found)["acts_out_of_hours"]) == (2, 1)


def test_working_hours_are_those_of_the_zone() -> None:
    hours = WorkingHours.parse("mon-fri 7-19")
    found = _examined(_at(0), zone="Asia/Tokyo", working_hours=hours)

    assert found.out_of_hours is not None
    assert found.out_of_hours.records == 1


def test_actors_and_hosts_have_their_first_and_last_record() -> None:
    found = _examined(_at(2), _at(5), _at(3, "viewed", actor=REVIEWER, origin={"host": "laptop-3"}))

    worker, reviewer = found.actors
    assert (worker.name, worker.records) == (WORKER, 2)
    assert (worker.first_ms, worker.last_ms) == (NOON_MS + 2 * MINUTE_MS, NOON_MS + 5 * MINUTE_MS)
    assert reviewer.name == REVIEWER
    assert [host.name for host in found.hosts] == ["gpu-box-17", "laptop-3"]


def test_hosts_and_actors_never_seen_before_are_found_where_the_known_ones_are_given() -> None:
    records = [_at(0), _at(1, origin={"host": "laptop-3"}, actor=REVIEWER)]
    known: dict[str, Any] = {"known_hosts": frozenset({"gpu-box-17"}), "known_actors": frozenset({WORKER})}
    found, unasked = _examined(*records, **known), _examined(*records)

    assert [(host.name, host.new) for host in found.hosts] == [("gpu-box-17", False), ("laptop-3", True)]
    assert (_kinds(found)["new_hosts"], _kinds(found)["new_actors"]) == (1, 1)
    assert [host.new for host in unasked.hosts] == [None, None]
    assert "new_hosts" not in _kinds(unasked)


def test_latencies_of_verdicts_have_quantiles_and_slow_ones_are_found() -> None:
    records = [_at(0, latency_ms={"total": each}) for each in range(1, 101)]
    found = _examined(*records, _at(1, "skipped"), slow_over_ms=90)

    latency = found.latency
    assert (latency.count, latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms) == (100, 50, 95, 99, 100)
    assert latency.over_limit == _kinds(found)["slow_verdicts"] == 10


def test_policies_and_models_in_use_and_when_they_changed() -> None:
    second: dict[str, Any] = {"policy": {"id": "hipaa-consult", "version": "2"}}
    model = {"name": "mini", "revision": "2026-02-01", "prompt_version": "consultguard/1"}
    found = _examined(_at(0), _at(1, "skipped"), _at(2, **second), _at(3, **second, model=model), _at(4, **second))

    assert [policy.name for policy in found.policies] == ["hipaa-consult 1", "hipaa-consult 2"]
    assert found.policies[1].first_ms == NOON_MS + 2 * MINUTE_MS
    assert [one.name for one in found.models] == ["mini 2026-01-02 consultguard/1", "mini 2026-02-01 consultguard/1"]
    assert [(change.kind, change.at_ms) for change in found.changes] == [
        ("policy", NOON_MS + 2 * MINUTE_MS),
        ("model", NOON_MS + 3 * MINUTE_MS),
        ("model", NOON_MS + 4 * MINUTE_MS),
    ]
    assert (found.changes[0].before, found.changes[0].after) == ("hipaa-consult 1", "hipaa-consult 2")
    assert _kinds(found)["changes"] == 3


def test_every_lifecycle_event_is_listed_with_who_and_where() -> None:
    found = _examined(*(_at(0, event) for event in EVENTS))

    assert [act.event for act in found.lifecycle] == list(LIFECYCLE)
    act = found.lifecycle[0]
    assert (act.actor, act.host, act.chain, act.seq) == (COMMAND, "gpu-box-17", "events/0", 7)
    assert act.detail["version"] == "2"
    noted = ("breaker_opened", "configuration_changed", "policy_changed", "key_rotated", "erased", "exported", "viewed")
    assert {kind: _kinds(found)[kind] for kind in noted} == dict.fromkeys(noted, 1)


def test_an_erasure_in_its_two_records_is_found_once_and_one_without_an_end_is_found_as_such() -> None:
    asked, done = _at(0, "erased", outcome="asked"), _at(1, "erased", outcome="done")

    whole, half = _kinds(_examined(asked, done)), _kinds(_examined(asked, done, asked))

    assert whole["erased"] == half["erased"] == 1
    assert "erased_asked_only" not in whole
    assert half["erased_asked_only"] == 1


def test_the_latest_lifecycle_events_are_kept_when_there_are_too_many() -> None:
    found = _examined(*(_at(number, "started") for number in range(1200)))

    assert found.lifecycle_total == 1200
    assert len(found.lifecycle) == 1000
    assert found.lifecycle[-1].at_ms == NOON_MS + 1199 * MINUTE_MS


@pytest.mark.parametrize(
    ("verification", "kind"),
    [
        (None, "not_checked"),
        ({"verified": False}, "not_verified"),
        ({}, "not_verified"),
        ({"verified": "yes"}, "not_verified"),
    ],
)
def test_only_a_verification_that_held_is_no_finding(verification: dict[str, Any] | None, kind: str) -> None:
    assert _kinds(_examined(_at(0), verification=verification))[kind] == 1
    assert kind not in _kinds(_examined(_at(0), verification=SOUND))


def test_a_quiet_sound_period_has_no_finding() -> None:
    assert _examined(_at(0), _at(1), _at(2, "skipped")).findings == ()


def test_a_period_without_a_record_is_found() -> None:
    assert _kinds(_examined())["no_records"] == 1


def test_records_outside_the_period_count_nowhere() -> None:
    records = [_at(-1), _at(0), _at(1, "viewed")]
    found = _examined(*records, since_ms=NOON_MS, until_ms=NOON_MS + MINUTE_MS)

    assert (found.records, found.outside_period) == (1, 2)
    assert found.events == {"judged": 1}
    assert found.lifecycle == ()


@pytest.mark.parametrize(
    "changes",
    [{"recorded_at_ms": "noon"}, {"recorded_at_ms": 2**60}, {"chain": None}, {"event": 3}, {"origin": "host"}],
)
def test_what_is_no_audit_record_is_counted_and_found(changes: dict[str, Any]) -> None:
    found = _examined(_at(0), record(**changes))

    assert (found.records, found.unreadable) == (1, 1)
    assert _kinds(found)["unreadable"] == 1


def test_records_of_the_first_version_are_examined_too() -> None:
    found = _examined(first_version(record()))

    assert (found.records, found.unreadable, found.hosts) == (1, 0, ())
    assert found.levels == {"unsafe": 1}


def test_memory_does_not_grow_with_names_however_long_or_many() -> None:
    detail = {f"key-{key}": "x" * 1000 for key in range(100)}
    records = (
        record(
            "viewed",
            actor=f"{number:04d}" + "a" * 1000,
            origin={"host": f"{number:04d}" + "h" * 1000},
            outcome=f"{number:04d}" + "o" * 1000,
            detail=detail,
            chain={"id": f"chain-{number}", "seq": 0},
        )
        for number in range(6000)
    )
    found = _examined(*records)

    assert found.records == 6000
    assert (len(found.actors), found.actors_unlisted) == (500, 5500)
    assert len(found.outcomes) == 1001
    assert len(found.chains) == 4096
    assert max(len(value) for act in found.lifecycle for value in act.detail.values()) == 200
    assert max(len(act.detail) for act in found.lifecycle) == 20
    assert _kinds(found)["unlisted"] == 11_000


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(record())),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=5,
        ),
        max_size=4,
    ),
    st.sampled_from(sorted(EVENTS)),
)
def test_a_record_of_any_shape_is_counted_once_and_never_a_crash(changes: dict[str, Any], event: str) -> None:
    found = _examined(record(event) | changes, since_ms=0)

    assert found.records + found.unreadable + found.outside_period == 1
    assert orjson.loads(found.to_json())["records"] == found.records


def test_the_json_form_has_every_fact() -> None:
    found = _examined(*(_at(0, event) for event in EVENTS), working_hours=WorkingHours.parse("sat 8-12"))
    body = orjson.loads(found.to_json())

    assert body["schema"] == "consult.audit-examination/1"
    assert body["latency"]["count"] == 1
    assert body["out_of_hours"]["records"] == len(EVENTS)
    assert body["lifecycle"][0]["detail"]["version"] == "2"
    assert body["findings"][0]["kind"]
    assert {name for name in body if name != "schema"} == set(Examination.__dataclass_fields__)
