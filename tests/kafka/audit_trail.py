"""The audit trail of two real workers on a real Kafka: it verifies, and every tampering with it is found by its name.

    python -m tests.kafka.audit_trail --records 100000 --partitions 6 --workers 2 --json

Workers are stopped, killed and started again while a checkpointer signs what they write. The tamperings are done to a
smaller trail made in the same way (--mutate-records), each by writing topics anew under their own names, and each is
followed by a whole `consultguard audit verify`. Starts a Kafka of its own unless --bootstrap names one. Exit code 0
only if the trail verifies and every tampering is found, by its name, at its place.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from pipeline.audit.trail import chains_of, verify_trail
from pipeline.audit.verify import FlawKind, verify
from pipeline.broker.base import Broker, OutgoingRecord, Record, RecordRef, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.clock import SystemClock
from pipeline.domain.audit import ChainHead
from pipeline.trial.kafka_server import KafkaServer
from tests.kafka.judged_trail import TrailSite, consultations
from tests.kafka.tampered_chains import chain_tamperings
from tests.kafka.tampered_checkpoints import checkpoint_tamperings
from tests.kafka.tampering import Place, Tampering, Trail

_BATCH = 1000
_SIX_YEARS_MS = 6 * 366 * 86_400_000
# Everything runs on one machine: a broker that is starved for seconds is not to be taken for dead.
_PATIENT = {"broker.session.timeout.ms": "30000"}
Say = Callable[[str], None]


def run(
    bootstrap: Sequence[str], *, records: int, mutate_records: int, partitions: int, workers: int, home: Path, say: Say
) -> dict[str, Any]:
    """Judge, verify, measure and tamper. Returns the figures and the table."""
    prefix = f"trail-{os.getpid()}"
    site = TrailSite(bootstrap, prefix=prefix, partitions=partitions, home=home / "whole")
    figures = _judged(site, records=records, workers=workers, say=say)
    figures["verified"] = _verified(site)
    figures["records_a_second"] = _rates(site)
    say(json.dumps(figures))
    if mutate_records < records:
        site = TrailSite(bootstrap, prefix=f"{prefix}-small", partitions=partitions, home=home / "small")
        figures["tampered_with"] = _judged(site, records=mutate_records, workers=workers, say=say)
    else:
        figures["tampered_with"] = "the trail above"
    with closing(Trail(site)) as trail:
        figures["every_byte"] = _every_byte(site, trail)
        figures["tamperings"] = _table(site, trail, say=say)
    return figures


def _judged(site: TrailSite, *, records: int, workers: int, say: Say) -> dict[str, Any]:
    with site.checkpointer() as checkpointer:
        done = site.judge(consultations(records), workers=workers, say=say)
    assert checkpointer.stdout is not None
    with checkpointer.stdout as said:
        told = orjson.loads(said.read())
    return {
        "records": records,
        "partitions": site.partitions,
        "workers": workers,
        **done,
        "hand_overs": site.hand_overs(),
        "checkpoints": told["last_seq"] + 1,
        "anchored": told["anchored_seq"] + 1,
        "checkpointer_exit_code": checkpointer.returncode,
    }


def _verify(site: TrailSite, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command that an auditor runs."""
    where = ("--checkpoints", str(site.anchor), "--public-key", str(site.public_key))
    done = site.command("audit", "verify", "--json", *where, *more)
    if not done.stdout:
        raise SystemExit(f"audit verify ended with {done.exit_code} and said nothing: {done.exception!r}")
    return done.exit_code, orjson.loads(done.stdout)


def _verified(site: TrailSite) -> dict[str, Any]:
    began = time.monotonic()
    exit_code, body = _verify(site)
    names = ("verified", "records", "checkpoints", "held_against_checkpoint", "flaws", "notes")
    return {"exit_code": exit_code, "seconds": round(time.monotonic() - began, 2)} | {
        name: body[name] for name in names
    }


def _rates(site: TrailSite) -> dict[str, Any]:
    """Records a second that are read and verified on one core, from each broker and from memory; by the clock, and by
    this process's own processor time, which other work on the machine does not lengthen."""
    chains = chains_of(site.names, partitions=site.partitions)
    with closing(site.broker.reader()) as reader:
        kept = {place: list(reader.read(place, start=0)) for place in chains.values()}
    local = LocalBroker(site.home / "local", clock=SystemClock())
    _copied(kept, local)
    rates: dict[str, tuple[int, int]] = {}
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})  # inherited by the threads that readers start
    try:
        for name, broker in (("kafka", site.broker), ("local", local)):
            rates[name] = max(_rate(broker, chains) for _ in range(2))
        rates["memory"] = max(_rate_of(kept, chains) for _ in range(2))
    finally:
        os.sched_setaffinity(0, cores)
    return {name: {"by_clock": clock, "by_processor_time": cpu} for name, (clock, cpu) in rates.items()}


def _rate(broker: Broker, chains: dict[str, TopicPartition]) -> tuple[int, int]:
    with closing(broker.reader()) as reader:
        began = _now()
        report = verify_trail(
            reader, chains, checkpoint=None, retention_ms=_SIX_YEARS_MS, now_ms=SystemClock().now_ms()
        )
        ended = _now()
    assert report.verified, report.flaws
    return _per_second(sum(one.records for one in report.chains.values()), began, ended)


def _rate_of(kept: dict[TopicPartition, list[Record]], chains: dict[str, TopicPartition]) -> tuple[int, int]:
    began = _now()
    count = sum(verify(kept[place], chain_id=chain_id).records for chain_id, place in chains.items())
    return _per_second(count, began, _now())


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _per_second(count: int, began: tuple[float, float], ended: tuple[float, float]) -> tuple[int, int]:
    return round(count / (ended[0] - began[0])), round(count / (ended[1] - began[1]))


def _copied(kept: dict[TopicPartition, list[Record]], broker: Broker) -> None:
    with closing(broker.topics()) as admin:
        for topic in {place.topic for place in kept}:
            admin.create(TopicSpec(topic, sum(place.topic == topic for place in kept)))
    with closing(broker.publisher(publisher_id="copy")) as publisher:
        for place, records in kept.items():
            for start in range(0, len(records), _BATCH):
                publisher.publish(
                    [
                        OutgoingRecord(place.topic, record.key, record.value or b"", place.partition)
                        for record in records[start : start + _BATCH]
                    ]
                )


def _every_byte(site: TrailSite, trail: Trail) -> dict[str, int]:
    """Every byte of one record of each outcome changed, in turn, in a topic of its own."""
    values = trail.logs[max(site.places().values(), key=lambda place: len(trail.logs[place]))]
    samples = {orjson.loads(value)["outcome"]: number for number, value in enumerate(values) if number}
    topic = f"{site.names.prefix}.edited"
    with closing(site.broker.topics()) as admin:
        admin.create(TopicSpec(topic, 1))
    found = changed = 0
    for number in samples.values():
        sound, before = values[number], orjson.loads(values[number - 1])
        chain_id, head = before["chain"]["id"], ChainHead(number - 1, before["hash"])
        edits = [sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :] for at in range(len(sound))]
        for value in _through(site, topic, edits):
            flaw = verify([value], chain_id=chain_id, after=head).flaw
            changed += 1
            found += flaw is not None and flaw.seq == number and flaw.kind in (FlawKind.ALTERED, FlawKind.UNREADABLE)
    return {"records": len(samples), "bytes_changed": changed, "found_at_their_place": found}


def _through(site: TrailSite, topic: str, values: Sequence[bytes]) -> list[Record]:
    with closing(site.broker.publisher(publisher_id="tamperer")) as publisher:
        refs: list[RecordRef] = []
        for start in range(0, len(values), _BATCH):
            refs += publisher.publish(
                [OutgoingRecord(topic, None, value, 0) for value in values[start : start + _BATCH]]
            )
    with closing(site.broker.reader()) as reader:
        return list(reader.read(TopicPartition(topic, 0), start=refs[0].offset))


def _table(site: TrailSite, trail: Trail, *, say: Say) -> list[dict[str, Any]]:
    rows = []
    private_key = site.home / "data" / "audit-signing-key.pem"
    for tampering in chain(chain_tamperings(trail), checkpoint_tamperings(trail, private_key)):
        offsets = trail.put(tampering)
        exit_code, body = _verify(site, "--no-record")
        row = _row(tampering, trail, offsets, exit_code, body)
        rows.append(row)
        say(" | ".join(str(row[name]) for name in ("kind", "what", "found", "names", "named_right", "place_right")))
    untouched = trail.put(Tampering("nothing", "the trail as it was", ()))
    exit_code, body = _verify(site, "--no-record")
    rows.append(_row(Tampering("nothing", "the trail put back as it was", ()), trail, untouched, exit_code, body))
    return rows


def _row(
    tampering: Tampering, trail: Trail, offsets: dict[TopicPartition, list[int]], exit_code: int, body: dict[str, Any]
) -> dict[str, Any]:
    def offset(place: Place) -> int | None:
        return None if place.at is None else offsets[trail.chains[place.where]][place.at]

    named = sorted((flaw["kind"], flaw.get("chain") or flaw["where"]) for flaw in body["flaws"])
    placed = {(flaw.get("chain") or flaw["where"], flaw["seq"], flaw.get("offset")) for flaw in body["flaws"]}
    found = not body["verified"] and exit_code == 1
    wanted = sorted((str(kind), place.where) for kind, place in tampering.expected)
    return {
        "kind": tampering.group,
        "what": tampering.name,
        "found": found,
        "names": [kind for kind, _ in named],
        "named_right": named == wanted,
        "place_right": placed == {(place.where, place.seq, offset(place)) for _, place in tampering.expected},
        "as_expected": found == bool(tampering.expected) and exit_code == int(found),
        "why": tampering.why,
    }


def whole(figures: dict[str, Any]) -> bool:
    """The trail verifies, chains went from hand to hand, and the table is as it must be."""
    verified, every = figures["verified"], figures["every_byte"]
    return (
        verified["exit_code"] == 0
        and verified["verified"]
        and verified["records"] >= figures["records"]
        and verified["held_against_checkpoint"] == figures["checkpoints"] - 1
        and figures["checkpointer_exit_code"] == 0
        and not any(figures["exit_codes"])
        and (figures["workers"] == 1 or sum(figures["hand_overs"].values()) > 0)
        and every["bytes_changed"] == every["found_at_their_place"]
        and all(row["named_right"] and row["place_right"] and row["as_expected"] for row in figures["tamperings"])
    )


def _print(figures: dict[str, Any]) -> None:
    rows = figures["tamperings"]
    for row in rows:
        words = ", ".join(dict.fromkeys(row["names"])) or "-"
        yes = {True: "yes", False: "no"}
        print(f"{row['kind']:20} {row['what']:72} {yes[row['found']]:4} {words:40} {yes[row['place_right']]}")
    print({name: value for name, value in figures.items() if name != "tamperings"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--mutate-records", type=int, default=3_000, help="of the smaller trail that is tampered with")
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bootstrap", help="host:port of a running Kafka")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="audit-trail-"))
    with ExitStack() as stack:
        if arguments.bootstrap:
            bootstrap: tuple[str, ...] = tuple(arguments.bootstrap.split(","))
        else:
            bootstrap = stack.enter_context(KafkaServer(properties=_PATIENT)).bootstrap_servers
        figures = run(
            bootstrap,
            records=arguments.records,
            mutate_records=arguments.mutate_records,
            partitions=arguments.partitions,
            workers=arguments.workers,
            home=home,
            say=lambda words: print(words, file=sys.stderr),
        )
    if arguments.json:
        print(json.dumps(figures))
    else:
        _print(figures)
    print(f"logs: {home}", file=sys.stderr)
    return 0 if whole(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
