"""From a broker record to a transcript chunk, or to the reason why not."""

from dataclasses import dataclass
from enum import StrEnum

import orjson
from pydantic import ValidationError

from pipeline.broker.base import Record
from pipeline.domain.transcript import TranscriptChunk
from pipeline.domain.wire import ChunkV1


class InvalidCode(StrEnum):
    """Why a record went to the dead-letter topic; the header `consult.error.code`."""

    EMPTY_RECORD = "empty_record"
    INVALID_UTF8 = "invalid_utf8"
    NOT_JSON = "not_json"
    WRONG_SCHEMA = "wrong_schema"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    TEXT_TOO_LONG = "text_too_long"
    KEY_MISMATCH = "key_mismatch"
    SEQ_BACKWARDS = "seq_backwards"


@dataclass(frozen=True, slots=True)
class InvalidRecord:
    """`field` names the first field at fault, as a path; neither part ever holds a value from the record."""

    code: InvalidCode
    field: str | None = None
    chunk: TranscriptChunk | None = None


def decode(record: Record, *, max_text_chars: int) -> TranscriptChunk | InvalidRecord:
    """The chunk in `record`, or the code of what is wrong with it. Never raises for what a record contains."""
    if not record.value:
        return InvalidRecord(InvalidCode.EMPTY_RECORD)
    try:
        wire = ChunkV1.model_validate_json(record.value)
    except ValidationError as error:
        return _diagnose(record.value, error)
    if len(wire.text) > max_text_chars:
        return InvalidRecord(InvalidCode.TEXT_TOO_LONG, "text")
    if record.key != wire.consult_id.encode():
        # The key decides the partition, and order holds within a partition only.
        return InvalidRecord(InvalidCode.KEY_MISMATCH, "consult_id")
    return wire.to_domain()


def _diagnose(value: bytes, error: ValidationError) -> InvalidRecord:
    try:
        value.decode()
    except UnicodeDecodeError:
        return InvalidRecord(InvalidCode.INVALID_UTF8)
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return InvalidRecord(InvalidCode.NOT_JSON)
    if not isinstance(body, dict) or body.get("schema") != "consult.chunk/1":
        return InvalidRecord(InvalidCode.WRONG_SCHEMA, "schema")
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        # The two parsers differ in how deep they go.
        return InvalidRecord(InvalidCode.NOT_JSON)
    path = ".".join(part for part in first["loc"] if isinstance(part, str))
    if first["type"] == "missing":
        return InvalidRecord(InvalidCode.MISSING_FIELD, path)
    # Checks across fields have no location; their message opens with the field (ChunkV1._consistent).
    return InvalidRecord(InvalidCode.INVALID_FIELD, path or first["msg"].removeprefix("Value error, ").split(":")[0])
