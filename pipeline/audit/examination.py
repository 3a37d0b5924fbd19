"""What an examination of the audit trail found: the review of system activity of 45 CFR 164.308(a)(1)(ii)(D).

It is for the people who answer for the system and names actors and hosts as they are; it holds no consultation's id and
no transcript text. Times are milliseconds since the epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.audit.tally import Durations, Presence

_SCHEMA = "consult.audit-examination/1"


@dataclass(frozen=True, slots=True)
class Gap:
    """No record in a chain from `from_ms` to `until_ms`."""

    chain: str
    from_ms: int
    until_ms: int
    minutes: int


@dataclass(frozen=True, slots=True)
class ChainActivity:
    """`of_input`: the chain of an input partition, which is silent only when nobody speaks. `clock_backwards` counts
    the records that are over a minute older than one before them in the chain; `largest_step_back_ms` is the worst of
    them."""

    chain: str
    of_input: bool
    records: int
    first_ms: int | None
    last_ms: int | None
    gaps: int
    clock_backwards: int
    largest_step_back_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """From one policy or model to another, as one chain saw it."""

    at_ms: int
    chain: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to the service, or by a person: every event that is not about an input record."""

    at_ms: int
    event: str
    outcome: str
    actor: str
    host: str | None
    chain: str
    seq: int
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Decisions of people about verdicts; `by_reviewer` counts the overturned ones."""

    upheld: int
    overturned: int
    other: int
    by_reviewer: Mapping[str, int]

    @property
    def overturned_share(self) -> float | None:
        total = self.upheld + self.overturned
        return self.overturned / total if total else None


@dataclass(frozen=True, slots=True)
class OutOfHours:
    """What was recorded outside working hours; `acts` has the latest of `acts_total`."""

    records: int
    by_day: Mapping[str, int]
    acts: tuple[Act, ...]
    acts_total: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reviewer has to look at; `count` of them. No finding is proof of a fault."""

    kind: str
    count: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything the report says. `…_total` counts all of what a list holds the first, longest or latest of.

    `unreadable` records are no audit records; `outside_period` ones lie before `since_ms` or from `until_ms` on; both
    are counted nowhere else. Days and hours are those of `zone`. `verification` is what `audit verify` said, None
    where nobody asked it.
    """

    since_ms: int | None
    until_ms: int | None
    zone: str
    gap_minutes: int
    records: int
    unreadable: int
    outside_period: int
    by_day: Mapping[str, int]
    by_hour: tuple[int, ...]
    events: Mapping[str, int]
    levels: Mapping[str, int]
    outcomes: Mapping[str, int]
    decided_by: Mapping[str, int]
    categories: Mapping[str, int]
    abstentions: Mapping[str, int]
    dead_letters: Mapping[str, int]
    reviews: Reviews
    chains: tuple[ChainActivity, ...]
    gaps: tuple[Gap, ...]
    gaps_total: int
    out_of_hours: OutOfHours | None
    actors: tuple[Presence, ...]
    actors_unlisted: int
    hosts: tuple[Presence, ...]
    hosts_unlisted: int
    latency: Durations
    policies: tuple[Presence, ...]
    models: tuple[Presence, ...]
    changes: tuple[Change, ...]
    changes_total: int
    lifecycle: tuple[Act, ...]
    lifecycle_total: int
    verification: Mapping[str, Any] | None
    findings: tuple[Finding, ...]

    def to_json(self) -> bytes:
        """`consult.audit-examination/1`: the fields as they are, indented."""
        return orjson.dumps(
            {"schema": _SCHEMA, **{name: getattr(self, name) for name in self.__slots__}},
            option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS,
        )
