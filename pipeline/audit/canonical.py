"""The canonical JSON that hashes are taken over (RFC 8785), for the values audit records hold.

orjson with sorted keys writes the same bytes as RFC 8785 as long as keys are ASCII, whole numbers are integers, and
fractions have a plain decimal form in both. Audit records keep to that: scores have at most four decimals and whole
ones are integers (pipeline.broker.codec). A property test compares with a reference implementation.
"""

from hashlib import sha256
from typing import Any

import orjson


def canonical(body: dict[str, Any]) -> bytes:
    """Canonical bytes of `body`."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def hash_of(body: dict[str, Any]) -> str:
    """SHA-256 over the canonical bytes, 64 hex digits."""
    return sha256(canonical(body)).hexdigest()
