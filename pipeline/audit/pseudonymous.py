"""An audit record as it may leave the building: findings, times and codes in clear, what names anyone as a pseudonym.

Every export is made from `Entry`, so there is one place where a field is let out. Left out on purpose are the sealed
part (the transcript's text), and `hash` and `chain.prev`: they are digests over the real ids, and so would confirm a
guess of one. `chain_id` and `chain_seq` find the original for whoever may read it.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from pipeline.broker.codec import iso_utc
from pipeline.errors import InputError, SettingsError

_T = TypeVar("_T")

Pseudonym = Callable[[str], str]
"""From an id to what stands in its place: the same for the same id, and no way back without a secret."""

_SECRET_BYTES = 32
"""As long as what comes out of SHA-256: a shorter key is discouraged (RFC 2104, section 3)."""

_PSEUDONYM_DIGITS = 32

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,:+/-]{0,199}")
"""What codes, versions, topics and chain ids are made of. Anything else is taken for text."""

_SERVICE = re.compile(r"(consultguard[a-z-]*/[0-9A-Za-z.+-]{1,40})(?: (.+))?", re.DOTALL)
"""How our own processes sign: what runs and its version, then the name of the instance."""

_UNATTENDED = frozenset({"consultguard-worker", "consultguard-checkpointer", "consultguard-checkpoints"})
"""The processes that nobody sits before. Commands are signed by who runs them."""

OPEN_DETAILS = frozenset(
    {
        "broker", "chains", "checkpoints", "code", "commit", "exit_code", "failures",
        "flaws", "form", "from", "from_version",
        "groups", "judge",        "key_version",
        "kind", "keys", "outcome", "partitions", "policy", "policy_version", "previous", "profile", "records", "result",
        "rewrapped", "seconds", "setting", "settings", "signal", "since", "size", "state", "to", "to_version", "until",
        "verified", "version",
    }
)  # fmt: skip
"""Details that can only hold a number, a time or a code. The value of any other may be somebody's words."""

_LISTS = frozenset({"groups"})
"""Of these the value is several codes, parted by spaces."""


def pseudonymizer(secret: bytes) -> Pseudonym:
    """HMAC-SHA-256 under `secret` (32 bytes at least), as 32 hex digits.

    A bare hash will not do: ids are short and guessable, and a hash of one is a code derived from it, which
    45 CFR 164.514(c)(1) does not allow; nor may the means of going back be disclosed ((c)(2)), so the secret stays
    apart from the export. A new secret makes exports that cannot be joined with the old ones. Raises SettingsError.
    """
    if len(secret) < _SECRET_BYTES:
        raise SettingsError(
            f"the secret for pseudonyms has {len(secret)} bytes; it needs {_SECRET_BYTES}, drawn at random"
        )

    def pseudonym(value: str) -> str:
        return hmac.digest(secret, value.encode("utf-8", "surrogatepass"), sha256).hex()[:_PSEUDONYM_DIGITS]

    return pseudonym


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, flat; the fields are the columns of the CSV form and the members of the JSON lines, in this order.

    `actor_service` is what ran (`consultguard-worker/0.1.0`), None where that is not known; `actor` is its instance, or
    the person who ran it. `actor`, `host`, `consult`, `chunk`, `verdict` and `event_id` are pseudonyms (`event_id` of
    the place in the chain, where a record from before that field has none). `recorded_at` is UTC, latencies are
    milliseconds. `sealed` says that the original holds a sealed part. `detail` has pseudonyms for values outside
    `OPEN_DETAILS`.
    """

    chain_id: str
    chain_seq: int
    event_id: str
    event: str
    outcome: str
    recorded_at: str
    actor_service: str | None
    actor: str | None
    host: str | None
    process: int | None
    version: str | None
    topic: str | None
    partition: int | None
    offset: int | None
    consult: str | None
    chunk: str | None
    seq: int | None
    verdict: str | None
    rule: str | None
    decided_by: str | None
    categories: tuple[str, ...]
    score_safe: float | None
    score_contested: float | None
    score_unsafe: float | None
    label_mass: float | None
    policy_id: str | None
    policy_version: str | None
    model_name: str | None
    model_revision: str | None
    prompt_version: str | None
    cleaner_version: str | None
    temperature: float | None
    max_tokens: int | None
    seed: int | None
    latency_queue_ms: int | None
    latency_clean_ms: int | None
    latency_judge_ms: int | None
    latency_total_ms: int | None
    sealed: bool
    detail: dict[str, str]

    @property
    def by_person(self) -> bool:
        """Whether somebody did it, with or without a command of ours: whatever no unattended service signed."""
        return self.actor_service is None or self.actor_service.partition("/")[0] not in _UNATTENDED


def pseudonymous(record: Mapping[str, Any], pseudonym: Pseudonym) -> Entry:
    """`record` (a parsed `consult.audit/1`) without what names anyone. Raises InputError where it is no such record."""
    name = _Names(pseudonym)
    chain, origin, source = _part(record, "chain"), _part(record, "origin"), _part(record, "source")
    scores, policy, model = _part(record, "scores"), _part(record, "policy"), _part(record, "model")
    sampling, latency = _part(record, "sampling"), _part(record, "latency_ms")
    service, actor = name.actor(record.get("actor"))
    categories, detail = record.get("categories"), _part(record, "detail")
    chain_id = _needed(name.code(chain.get("id")), "chain.id")
    chain_seq = _needed(_integer(chain.get("seq")), "chain.seq")
    return Entry(
        chain_id=chain_id,
        chain_seq=chain_seq,
        event_id=name.hidden(record.get("event_id") or f"{chain_id}#{chain_seq}") or "",
        event=_needed(name.code(record.get("event")), "event"),
        outcome=_needed(name.code(record.get("outcome")), "outcome"),
        recorded_at=_time(record.get("recorded_at_ms")),
        actor_service=service,
        actor=actor,
        host=name.hidden(origin.get("host")),
        process=_integer(origin.get("process")),
        version=name.code(origin.get("version")),
        topic=name.code(source.get("topic")),
        partition=_integer(source.get("partition")),
        offset=_integer(source.get("offset")),
        consult=name.hidden(record.get("consult_id")),
        chunk=name.hidden(record.get("chunk_id")),
        seq=_integer(record.get("seq")),
        verdict=name.hidden(record.get("verdict_id")),
        rule=name.code(record.get("rule")),
        decided_by=name.code(record.get("decided_by")),
        categories=tuple(code for each in categories if (code := name.code(each)))
        if isinstance(categories, list)
        else (),
        score_safe=_number(scores.get("safe")),
        score_contested=_number(scores.get("contested")),
        score_unsafe=_number(scores.get("unsafe")),
        label_mass=_number(record.get("label_mass")),
        policy_id=name.code(policy.get("id")),
        policy_version=name.code(policy.get("version")),
        model_name=name.code(model.get("name")),
        model_revision=name.code(model.get("revision")),
        prompt_version=name.code(model.get("prompt_version")),
        cleaner_version=name.code(record.get("cleaner_version")),
        temperature=_number(sampling.get("temperature")),
        max_tokens=_integer(sampling.get("max_tokens")),
        seed=_integer(sampling.get("seed")),
        latency_queue_ms=_integer(latency.get("queue")),
        latency_clean_ms=_integer(latency.get("clean")),
        latency_judge_ms=_integer(latency.get("judge")),
        latency_total_ms=_integer(latency.get("total")),
        sealed=bool(record.get("sealed")),
        detail={name.detail_key(key): name.detail(key, value) for key, value in detail.items()},
    )


@dataclass(frozen=True, slots=True)
class _Names:
    pseudonym: Pseudonym

    def hidden(self, value: object) -> str | None:
        return self.pseudonym(value) if isinstance(value, str) and value else None

    def code(self, value: object) -> str | None:
        """A code as it is; anything that is not made like one may be text, and is hidden."""
        return value if isinstance(value, str) and _CODE.fullmatch(value) else self.hidden(value)

    def actor(self, value: object) -> tuple[str | None, str | None]:
        own = _SERVICE.fullmatch(value) if isinstance(value, str) else None
        return (own[1], self.hidden(own[2])) if own else (None, self.hidden(value))

    def detail_key(self, key: str) -> str:
        return self.code(key) or "empty"

    def detail(self, key: str, value: object) -> str:
        if not isinstance(value, str) or key not in OPEN_DETAILS:
            return self.hidden(value) or ""
        codes = value.split(" ") if key in _LISTS else [value]
        return value if all(map(_CODE.fullmatch, codes)) else self.pseudonym(value)


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _integer(value: object) -> int | None:
    return value if type(value) is int else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(value: object) -> str:
    try:
        return iso_utc(_needed(_integer(value), "recorded_at_ms"))
    except (ValueError, OverflowError, OSError) as error:
        raise InputError("not an audit record: recorded_at_ms is no time") from error


def _needed(value: _T | None, field: str) -> _T:
    if value is None:
        raise InputError(f"not an audit record: {field} is missing")
    return value
