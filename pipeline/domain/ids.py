"""Ids that are a function of what they name, so that a replay produces the same id and can be seen as one."""

from hashlib import sha256

_SEPARATOR = "\x1f"


def _digest(prefix: str, *parts: str) -> str:
    return prefix + sha256(_SEPARATOR.join(parts).encode()).hexdigest()[:32]


def chunk_id_of(consult_id: str, seq: int) -> str:
    """`chk_` and 128 bits over the consultation and the chunk's number in it."""
    return _digest("chk_", consult_id, str(seq))


def verdict_id_of(chunk_id: str, *, policy_version: str, model_revision: str, prompt_version: str) -> str:
    """`vrd_` and 128 bits over everything that may change a verdict on the same chunk."""
    return _digest("vrd_", chunk_id, policy_version, model_revision, prompt_version)
