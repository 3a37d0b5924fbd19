"""The exception report: what of an examination a person has to look at. Each finding is a sentence with its numbers."""

from collections.abc import Iterator

from pipeline.audit.examination import Examination, Finding

_ACTS = {
    "breaker_opened": "The judge was given up for a while, and the stream held",
    "configuration_changed": "The configuration was changed",
    "policy_changed": "The policy was changed",
    "key_rotated": "Keys were rotated",
    "erased": "A consultation was erased",
    "exported": "Something was exported",
    "viewed": "Sealed or contested text was opened",
}

_IN_TWO_STEPS = frozenset({"erased", "key_rotated"})
"""One record before (outcome `asked`) and one after; of the others one record is all."""


def findings_of(found: Examination) -> tuple[Finding, ...]:
    """Those there is at least one of, the trail's own soundness first."""
    every = (*_soundness(found), *_presence(found), *_judging(found), *_acts(found))
    return tuple(finding for finding in every if finding.count)


def _soundness(found: Examination) -> Iterator[Finding]:
    checked = found.verification is not None
    verified = checked and found.verification is not None and found.verification.get("verified") is True
    yield Finding(
        "not_checked", int(not checked), "The trail of this period was not verified; nothing below is proven."
    )
    yield Finding("not_verified", int(checked and not verified), "The trail did not verify; see what was found, below.")
    yield Finding("no_records", int(found.records == 0), "There is no record at all in the period.")
    yield Finding("unreadable", found.unreadable, f"{found.unreadable} records are no audit records.")
    back = sum(chain.clock_backwards for chain in found.chains)
    yield Finding(
        "clock_backwards", back, f"{back} records are over a minute older than one before: a clock went back."
    )
    # The chain of what is done to the service is silent while nothing is done to it.
    gaps = sum(chain.gaps for chain in found.chains if chain.of_input or chain.records == 0)
    over = f"{found.gap_minutes} minutes"
    yield Finding("gaps", gaps, f"{gaps} times the chain of an input partition had no record for over {over}.")
    silent = sum(1 for chain in found.chains if chain.records == 0)
    yield Finding("silent_chains", silent, f"{silent} chains that there must be have no record.")


def _presence(found: Examination) -> Iterator[Finding]:
    hosts = [host.name for host in found.hosts if host.new]
    yield Finding("new_hosts", len(hosts), f"{len(hosts)} hosts wrote records that none of the known ones is.")
    actors = [actor.name for actor in found.actors if actor.new]
    yield Finding("new_actors", len(actors), f"{len(actors)} actors were never seen before.")
    unlisted = found.actors_unlisted + found.hosts_unlisted
    yield Finding("unlisted", unlisted, f"{unlisted} records are by more actors and hosts than can be listed.")
    if found.out_of_hours is not None:
        late = found.out_of_hours
        yield Finding("out_of_hours", late.records, f"{late.records} records were written outside working hours.")
        acts = late.acts_total
        yield Finding("acts_out_of_hours", acts, f"{acts} of them are not about a chunk: something was done.")


def _judging(found: Examination) -> Iterator[Finding]:
    slow = found.latency
    yield Finding(
        "slow_verdicts",
        slow.over_limit,
        f"{slow.over_limit} of {slow.count} verdicts took over {slow.limit_ms} ms, the longest {slow.max_ms} ms.",
    )
    abstained = sum(found.abstentions.values())
    yield Finding("abstentions", abstained, f"{abstained} chunks got no readable judgment and went to a person.")
    dead = sum(found.dead_letters.values())
    yield Finding("dead_letters", dead, f"{dead} records could not be read and went to the dead letters.")
    over, all_of = found.reviews.overturned, found.reviews.overturned + found.reviews.upheld
    yield Finding("overrides", over, f"{over} of {all_of} verdicts that people looked at were overturned.")


def _acts(found: Examination) -> Iterator[Finding]:
    for event, words in _ACTS.items():
        asked = found.outcomes.get(f"{event}: asked", 0) if event in _IN_TWO_STEPS else 0
        count = found.events.get(event, 0) - asked
        open_ended = max(0, asked - count)
        name = event.replace("_", " ")
        yield Finding(
            f"{event}_asked_only", open_ended, f"{open_ended} times “{name}” was begun, and no end is recorded."
        )
        yield Finding(event, count, f"{words}: {count} times.")
    yield Finding(
        "changes",
        found.changes_total,
        f"{found.changes_total} times a chain went over to another policy or model.",
    )
