"""Examines the audit trail of a period in one pass, in memory that does not grow with it."""

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.audit.examination import Act, ChainActivity, Change, Examination, Gap, OutOfHours, Reviews
from pipeline.audit.findings import findings_of
from pipeline.audit.tally import DurationHistogram, Presences, Tally
from pipeline.audit.working_hours import WallTime, WorkingHours, wall_clock
from pipeline.domain.policy import Rule

_OF_INPUT = frozenset({"judged", "skipped", "duplicate", "dead_lettered"})
_DAYS_LISTED = 4000
"""Ten years, the longest retention asked for anywhere, and some."""
_CHAINS_FOLLOWED = 4096
_LISTED = 1000
_WORD_CHARS = 200
_JUDGED_TOGETHER_MS = 60_000
"""Records stand in input order with the time of their decision: of chunks judged together a later one may be first."""
_DETAILS = 20
"""As long as an identifier may be, and more than any event has: a damaged record must not fill the memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationScope:
    """What to look at, and what counts as unusual.

    `since_ms` (included) and `until_ms` (not) bound the period; None leaves it open. `zone` is the IANA name of the
    place whose days and hours count. A chain without a record for more than `gap_minutes` has a gap, also at the ends
    of a bounded period; `chains` are those there must be. A verdict over `slow_over_ms` (admission to decision) is
    slow. `known_hosts` and `known_actors` are those of earlier periods; None where nobody kept them.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    zone: str = "UTC"
    gap_minutes: int = 60
    working_hours: WorkingHours | None = None
    slow_over_ms: int = 500
    chains: frozenset[str] = frozenset()
    known_hosts: frozenset[str] | None = None
    known_actors: frozenset[str] | None = None


@dataclass(slots=True)
class _Chain:
    of_input: bool = False
    records: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    gaps: int = 0
    clock_backwards: int = 0
    largest_step_back_ms: int = 0
    policy: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What every record must have, checked."""

    at_ms: int
    wall: WallTime
    event: str
    outcome: str
    actor: str
    host: str | None
    chain: str
    seq: int
    body: Mapping[str, Any]


class ExaminationBuilder:
    """`add` every record of the period, chain by chain or mixed, each chain in its order; then `finish`, once.

    A record that is no audit record is counted, and never an error: the examination of a damaged trail is the one that
    matters most. Raises SettingsError for a time zone that does not exist.
    """

    def __init__(self, scope: ExaminationScope | None = None) -> None:
        self._scope = scope or ExaminationScope()
        self._wall = wall_clock(self._scope.zone)
        self._records = self._unreadable = self._outside = 0
        self._by_day, self._by_hour = Tally(limit=_DAYS_LISTED), [0] * 24
        names = ("event", "level", "outcome", "decided_by", "category", "abstention", "dead_letter")
        self._tallies = {name: Tally() for name in names}
        self._latency = DurationHistogram(limit_ms=self._scope.slow_over_ms)
        self._chains: dict[str, _Chain] = {name: _Chain() for name in sorted(self._scope.chains)}
        self._gaps: list[tuple[int, str, int, int]] = []
        self._gaps_total = 0
        self._actors = Presences(known=self._scope.known_actors)
        self._hosts = Presences(known=self._scope.known_hosts)
        self._policies, self._models = Presences(known=None), Presences(known=None)
        self._changes, self._changes_total = deque[Change](maxlen=_LISTED), 0
        self._lifecycle, self._lifecycle_total = deque[Act](maxlen=_LISTED), 0
        self._late, self._late_by_day = 0, Tally(limit=_DAYS_LISTED)
        self._late_acts, self._late_acts_total = deque[Act](maxlen=_LISTED), 0
        self._reviews, self._reviewers = {"upheld": 0, "overturned": 0, "other": 0}, Tally()

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one parsed `consult.audit/1`."""
        read = self._read(record)
        if read is None:
            self._unreadable += 1
        elif self._is_outside(read.at_ms):
            self._outside += 1
        else:
            self._records += 1
            self._count(read)
            self._follow(read)
            if read.event not in _OF_INPUT:
                self._lifecycle.append(_act(read))
                self._lifecycle_total += 1
            if self._scope.working_hours is not None:
                self._watch(read, self._scope.working_hours)

    def add_review(self, review: Mapping[str, Any]) -> None:
        """Count one parsed `consult.review/1`."""
        decided = review.get("decided_at_ms")
        if type(decided) is int and self._is_outside(decided):
            return
        outcome = review.get("outcome")
        self._reviews[outcome if outcome in ("upheld", "overturned") else "other"] += 1
        if outcome == "overturned":
            self._reviewers.add(_word(review.get("reviewer")))

    def finish(self, *, verification: Mapping[str, Any] | None = None) -> Examination:
        """The examination. `verification` is what `audit verify --json` says of the period: `verified`, true or false,
        and whatever else it has; None where it was not run, which is a finding."""
        self._close_period()
        tallies, scope = self._tallies, self._scope
        found = Examination(
            since_ms=scope.since_ms,
            until_ms=scope.until_ms,
            zone=scope.zone,
            gap_minutes=scope.gap_minutes,
            records=self._records,
            unreadable=self._unreadable,
            outside_period=self._outside,
            by_day=self._by_day.by_name(),
            by_hour=tuple(self._by_hour),
            events=tallies["event"].by_count(),
            levels=tallies["level"].by_count(),
            outcomes=tallies["outcome"].by_count(),
            decided_by=tallies["decided_by"].by_count(),
            categories=tallies["category"].by_count(),
            abstentions=tallies["abstention"].by_count(),
            dead_letters=tallies["dead_letter"].by_count(),
            reviews=Reviews(**self._reviews, by_reviewer=self._reviewers.by_count()),
            chains=tuple(_activity(name, chain) for name, chain in self._chains.items()),
            gaps=tuple(Gap(chain, start, end, long // 60_000) for long, chain, start, end in sorted(self._gaps)[::-1]),
            gaps_total=self._gaps_total,
            out_of_hours=self._out_of_hours(),
            actors=self._actors.in_order(),
            actors_unlisted=self._actors.unlisted,
            hosts=self._hosts.in_order(),
            hosts_unlisted=self._hosts.unlisted,
            latency=self._latency.durations(),
            policies=self._policies.in_order(),
            models=self._models.in_order(),
            changes=tuple(self._changes),
            changes_total=self._changes_total,
            lifecycle=tuple(self._lifecycle),
            lifecycle_total=self._lifecycle_total,
            verification=verification,
            findings=(),
        )
        return replace(found, findings=findings_of(found))

    def _read(self, record: Mapping[str, Any]) -> _Read | None:
        try:
            at_ms, chain, origin = record["recorded_at_ms"], record["chain"], record.get("origin") or {}
            texts = record["event"], record["outcome"], record["actor"], chain["id"]
            host, seq = origin.get("host"), chain["seq"]
            if type(at_ms) is not int or type(seq) is not int or not all(isinstance(text, str) for text in texts):
                return None
            event, outcome, actor, chain_id = (text[:_WORD_CHARS] for text in texts)
            host = host[:_WORD_CHARS] if isinstance(host, str) else None
            return _Read(at_ms, self._wall(at_ms), event, outcome, actor, host, chain_id, seq, record)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError):
            return None

    def _is_outside(self, at_ms: int) -> bool:
        since, until = self._scope.since_ms, self._scope.until_ms
        return (since is not None and at_ms < since) or (until is not None and at_ms >= until)

    def _count(self, read: _Read) -> None:
        tallies, body = self._tallies, read.body
        self._by_day.add(read.wall.day)
        self._by_hour[read.wall.hour] += 1
        tallies["event"].add(read.event)
        tallies["outcome"].add(f"{read.event}: {read.outcome}")
        self._actors.add(read.actor, read.at_ms)
        if read.host is not None:
            self._hosts.add(read.host, read.at_ms)
        if read.event == "dead_lettered":
            tallies["dead_letter"].add(read.outcome)
        if read.event != "judged":
            return
        tallies["level"].add(read.outcome)
        tallies["decided_by"].add(_word(body.get("decided_by")))
        categories = body.get("categories")
        for category in categories if isinstance(categories, list) else ():
            tallies["category"].add(_word(category))
        before, abstained, reason = _word(body.get("rule")).partition(f"{Rule.ABSTAINED}:")
        if abstained and not before:
            tallies["abstention"].add(reason)
        latency = body.get("latency_ms")
        total = latency.get("total") if isinstance(latency, dict) else None
        if type(total) is int and total >= 0:
            self._latency.add(total)

    def _follow(self, read: _Read) -> None:
        """The record's chain: silences, steps back of its clock, changes of policy and model."""
        chain = self._chains.get(read.chain)
        if chain is None:
            # A trail with more chains than any site has partitions is damaged; what is past the limit has no row.
            chain = _Chain() if len(self._chains) >= _CHAINS_FOLLOWED else self._chains.setdefault(read.chain, _Chain())
        chain.of_input |= read.event in _OF_INPUT
        chain.records += 1
        self._silence(read.chain, chain, until_ms=read.at_ms)
        if chain.last_ms is not None and read.at_ms < chain.last_ms - _JUDGED_TOGETHER_MS:
            chain.clock_backwards += 1
            chain.largest_step_back_ms = max(chain.largest_step_back_ms, chain.last_ms - read.at_ms)
        chain.first_ms = read.at_ms if chain.first_ms is None else min(chain.first_ms, read.at_ms)
        chain.last_ms = read.at_ms if chain.last_ms is None else max(chain.last_ms, read.at_ms)
        chain.policy = self._in_use(read, "policy", ("id", "version"), chain.policy, self._policies)
        model = ("name", "revision", "prompt_version")
        chain.model = self._in_use(read, "model", model, chain.model, self._models)

    def _silence(self, name: str, chain: _Chain, *, until_ms: int) -> None:
        since_ms = self._scope.since_ms if chain.last_ms is None else chain.last_ms
        if since_ms is None or until_ms - since_ms <= self._scope.gap_minutes * 60_000:
            return
        chain.gaps += 1
        self._gaps_total += 1
        gap = (until_ms - since_ms, name, since_ms, until_ms)
        if len(self._gaps) < _LISTED:
            heapq.heappush(self._gaps, gap)
        else:
            heapq.heappushpop(self._gaps, gap)

    def _in_use(
        self, read: _Read, kind: str, parts: tuple[str, ...], before: str | None, seen: Presences
    ) -> str | None:
        body = read.body.get(kind)
        if not isinstance(body, dict):
            return before
        name = " ".join(_word(body.get(part)) for part in parts)
        seen.add(name, read.at_ms)
        if before not in (None, name):
            self._changes.append(Change(read.at_ms, read.chain, kind, str(before), name))
            self._changes_total += 1
        return name

    def _watch(self, read: _Read, hours: WorkingHours) -> None:
        if hours.hold(read.wall.weekday, read.wall.hour):
            return
        self._late += 1
        self._late_by_day.add(read.wall.day)
        if read.event not in _OF_INPUT:
            self._late_acts.append(_act(read))
            self._late_acts_total += 1

    def _close_period(self) -> None:
        if self._scope.until_ms is not None:
            for name, chain in self._chains.items():
                self._silence(name, chain, until_ms=self._scope.until_ms)

    def _out_of_hours(self) -> OutOfHours | None:
        if self._scope.working_hours is None:
            return None
        return OutOfHours(self._late, self._late_by_day.by_name(), tuple(self._late_acts), self._late_acts_total)


def _act(read: _Read) -> Act:
    detail = read.body.get("detail")
    pairs = list(detail.items())[:_DETAILS] if isinstance(detail, dict) else []
    words = {_word(key): _word(value) for key, value in pairs}
    return Act(read.at_ms, read.event, read.outcome, read.actor, read.host, read.chain, read.seq, words)


def _word(value: object) -> str:
    return str(value)[:_WORD_CHARS]


def _activity(name: str, chain: _Chain) -> ChainActivity:
    return ChainActivity(
        name,
        chain.of_input,
        chain.records,
        chain.first_ms,
        chain.last_ms,
        chain.gaps,
        chain.clock_backwards,
        chain.largest_step_back_ms,
    )
