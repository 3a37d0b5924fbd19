"""Wrapped data keys to and from the records of the topic of keys."""

import base64
import binascii

import orjson
from pydantic import ValidationError

from pipeline.domain.sealing import WrappedKey
from pipeline.domain.wire import KeyV1


def encode_key(key: WrappedKey) -> bytes:
    """`consult.key/1` bytes."""
    return orjson.dumps(
        {
            "schema": "consult.key/1",
            "consult_id": key.consult_id,
            "key_id": key.key_id,
            "provider_key_id": key.provider_key_id,
            "wrapped": base64.b64encode(key.wrapped).decode(),
            "created_at_ms": key.created_at_ms,
        }
    )


def decode_key(value: bytes) -> WrappedKey | None:
    """The wrapped key; None where `value` is not of the form `consult.key/1`."""
    try:
        found = KeyV1.model_validate_json(value)
        wrapped = base64.b64decode(found.wrapped, validate=True)
    except (ValidationError, binascii.Error):
        return None
    return WrappedKey(found.consult_id, found.key_id, found.provider_key_id, wrapped, found.created_at_ms)


def key_record_key(consult_id: str, key_id: str) -> bytes:
    """The record's key, `consult_id/key_id` in UTF-8: compaction keeps the last record of each, and one without a
    value erases it."""
    return f"{consult_id}/{key_id}".encode()
