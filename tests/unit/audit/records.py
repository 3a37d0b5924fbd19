"""Audit records as they are read back from the topic, one of each event."""

from typing import Any

NOON_MS = 1_767_614_400_000
"""2026-01-05T12:00:00Z, a Monday."""

LIFECYCLE = {
    "started": "started",
    "stopped": "asked",
    "configuration_changed": "changed",
    "policy_changed": "changed",
    "key_rotated": "done",
    "breaker_opened": "opened",
    "breaker_closed": "closed",
    "verified": "verified",
    "exported": "asked",
    "erased": "done",
    "viewed": "asked",
}
INPUTS = {"judged": "unsafe", "skipped": "filler", "duplicate": "duplicate", "dead_lettered": "not_json"}
EVENTS = INPUTS | LIFECYCLE

WORKER = "consultguard-worker/0.1.0 north-ward-1"
COMMAND = "consultguard-audit/0.1.0 r.osei@laptop-3"
"""A command is signed by who runs it."""
CONSULT = "visit-of-the-ninth"
REVIEWER = "r.osei@clinic.example"


def record(event: str = "judged", **changes: Any) -> dict[str, Any]:
    """A record of one event with every field it may have; `changes` replace fields."""
    of_input = event in INPUTS
    judged = event == "judged"
    body: dict[str, Any] = {
        "schema": "consult.audit/1",
        "event_id": f"evt-{event}-1",
        "event": event,
        "outcome": EVENTS.get(event, "ok"),
        "recorded_at_ms": NOON_MS,
        "actor": WORKER if of_input else COMMAND,
        "origin": {"host": "gpu-box-17", "process": 4711, "version": "0.1.0"},
        "source": {"topic": "consult.chunks", "partition": 2, "offset": 1093} if of_input else None,
        "consult_id": CONSULT if event in {*INPUTS, "viewed", "erased"} else None,
        "chunk_id": "chk_visit_42" if event in {*INPUTS, "viewed"} else None,
        "seq": 42 if of_input else None,
        "verdict_id": "vrd_visit_42" if judged else None,
        "rule": "tripwire" if judged else None,
        "decided_by": "tripwire" if judged else None,
        "categories": ["phi"] if judged else [],
        "scores": {"safe": 0.2, "contested": 0.3, "unsafe": 0.5} if judged else None,
        "label_mass": 0.9994 if judged else None,
        "policy": {"id": "hipaa-consult", "version": "1"} if judged else None,
        "model": {"name": "mini", "revision": "2026-01-02", "prompt_version": "consultguard/1"} if judged else None,
        "sampling": {"temperature": 0, "max_tokens": 1, "seed": 0} if judged else None,
        "cleaner_version": "clean-1" if of_input else None,
        "latency_ms": {"queue": 3, "clean": 1, "judge": 58, "total": 60} if judged else None,
        "detail": {"version": "2", "reason": "a person's own words"},
        "sealed": {"key": "k-83ab", "nonce": "bm9uY2Vub25jZQ", "text": "c2VhbGVkdGV4dA"} if judged else None,
        "chain": {"id": "consult.chunks/2" if of_input else "events/0", "seq": 7, "prev": "ab" * 32},
        "hash": "cd" * 32,
    }
    return body | changes


def first_version(body: dict[str, Any]) -> dict[str, Any]:
    """`body` as a record written before the later fields came."""
    later = ("event_id", "origin", "sampling", "detail", "sealed")
    return {key: value for key, value in body.items() if key not in later}
