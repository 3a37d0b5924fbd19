"""What is left of it all, read back committed: nothing here trusts what a worker, or a fault, says of itself."""

import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from pipeline.bench.observe import observe
from pipeline.broker.base import Broker, Reader, RecordRef, TopicPartition
from pipeline.broker.topics import TopicNames
from pipeline.domain.taxonomy import RiskLevel
from tests.chaos.talk import found_in

_VERIFY_SECONDS = 600.0

ZEROS = (
    "lost", "duplicated", "out_of_order", "orphaned", "dead_letters_lost", "dead_letters_duplicated",
    "dead_letters_of_nothing", "audit_flaws", "sent_text_in_logs",
)  # fmt: skip
"""What has to be zero, or empty."""


def check(
    broker: Broker,
    names: TopicNames,
    *,
    partitions: int,
    sent: Collection[str],
    environment: Mapping[str, str],
    logs: Iterable[Path],
) -> dict[str, Any]:
    """The counts; `environment` is of a process that reaches the brokers directly."""
    with closing(broker.reader()) as reader:
        found = observe(reader, names, partitions=partitions, sent=sent)
        unreadable, cited = _dead_letters(reader, names, partitions=partitions)
    searched = list(logs)
    return {
        "sent": len(sent),
        "verdicts": sum(found.levels.values()),
        **{level.value: found.levels.get(level, 0) for level in RiskLevel},
        "skipped": found.skipped,
        "duplicates_refused": found.duplicates_refused,
        "audit_records": found.audit_records,
        "dead_letters": found.dead_letter,
        "lost": found.lost,
        "duplicated": found.duplicated,
        "out_of_order": found.out_of_order,
        "orphaned": found.orphaned,
        "dead_letters_lost": len(unreadable - cited.keys()),
        "dead_letters_duplicated": sum(count - 1 for count in cited.values()),
        "dead_letters_of_nothing": len(cited.keys() - unreadable),
        "audit_flaws": list(found.flaws),
        "audit_verify": _verified(environment),
        "logs_searched": {"files": len(searched), "bytes": sum(file.stat().st_size for file in searched)},
        "sent_text_in_logs": found_in(searched),
    }


def sound(counts: Mapping[str, Any]) -> bool:
    """Exactly once, in order, verified, and nothing said stands in a log."""
    return (
        not any(counts[name] for name in ZEROS)
        and counts["verdicts"] + counts["skipped"] == counts["sent"]
        and counts["audit_verify"]["verified"]
        and counts["audit_verify"]["exit_code"] == 0
    )


def _dead_letters(reader: Reader, names: TopicNames, *, partitions: int) -> tuple[set[RecordRef], Counter[RecordRef]]:
    """Where unreadable records lie in the input, and what the dead letters say they were."""
    unreadable: set[RecordRef] = set()
    cited: Counter[RecordRef] = Counter()
    for partition in range(partitions):
        for record in reader.read(TopicPartition(names.chunks, partition), start=0):
            if not (record.value or b"").startswith(b"{"):
                unreadable.add(record.ref)
        for record in reader.read(TopicPartition(names.dead_letter, partition), start=0):
            headers = {name: (value or b"").decode() for name, value in record.headers}
            source = (headers[f"consult.source.{part}"] for part in ("topic", "partition", "offset"))
            topic, number, offset = source
            cited[RecordRef(topic, int(number), int(offset))] += 1
    return unreadable, cited


def _verified(environment: Mapping[str, str]) -> dict[str, Any]:
    """What `consultguard audit verify` says, as an auditor would run it."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "audit", "verify", "--json", "--no-record"],
        env=dict(environment), capture_output=True, timeout=_VERIFY_SECONDS, check=False,
    )  # fmt: skip
    try:
        body = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        return {"exit_code": done.returncode, "verified": False, "said": done.stderr.decode("utf-8", "replace")[-500:]}
    return {"exit_code": done.returncode} | {name: body[name] for name in ("verified", "records", "flaws", "notes")}
