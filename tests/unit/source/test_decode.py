"""Every record is a chunk or has a code; nothing a record contains makes decoding raise."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.base import Record, RecordRef
from pipeline.broker.codec import encode_chunk
from pipeline.domain.transcript import SourceRef, Speaker, SpeakerRole, TranscriptChunk
from pipeline.source.decode import InvalidCode, InvalidRecord, decode
from pipeline.testing.builders import build_chunk
from tests import strategies

MAX_TEXT_CHARS = 8_000
CHUNK = build_chunk("The knee is fine again.")
RAW = encode_chunk(CHUNK)
KEY = b"consult-1"

FIELD = re.compile(r"[a-z_]+(\.[a-z_]+)*")


def _decoded(value: bytes | None, *, key: bytes | None = KEY) -> TranscriptChunk | InvalidRecord:
    record = Record(RecordRef("consult.chunks", 0, 7), key, value, (), 0)
    return decode(record, max_text_chars=MAX_TEXT_CHARS)


def _with(**fields: Any) -> bytes:
    return orjson.dumps(orjson.loads(RAW) | fields)


def _without(*path: str) -> bytes:
    body = orjson.loads(RAW)
    inner = body
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return orjson.dumps(body)


def _extra(value: bytes) -> bytes:
    return RAW[:-1] + b',"extra":' + value + b"}"


def test_a_written_chunk_is_read_back_equal() -> None:
    assert _decoded(RAW) == CHUNK


@given(
    st.builds(
        build_chunk,
        strategies.text,
        consult_id=strategies.identifiers,
        seq=strategies.counts.filter(lambda seq: seq < 10**12),
        role=st.sampled_from(SpeakerRole),
        language=st.none() | st.sampled_from(["en", "zh-Hans"]),
    )
)
def test_every_chunk_that_can_be_written_is_read_back_equal(chunk: TranscriptChunk) -> None:
    assert _decoded(encode_chunk(chunk), key=chunk.consult_id.encode()) == chunk


def test_every_optional_field_survives_the_wire() -> None:
    chunk = TranscriptChunk(
        tenant="north-clinic",
        consult_id="会诊-7",
        seq=3,
        speaker=Speaker("spk_1", SpeakerRole.CLINICIAN, "Dr. Iris Feld"),
        text="血压正常。\u200d\u202e \u0000",
        started_at_ms=5,
        ended_at_ms=5,
        spoken_at="2026-01-05T09:00:00Z",
        source=SourceRef("zoom", "rtms", "stream-1"),
        language="zh-Hans",
        asr_confidence=0.5,
    )

    assert _decoded(encode_chunk(chunk), key="会诊-7".encode()) == chunk


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        pytest.param(None, InvalidCode.EMPTY_RECORD, None, id="tombstone"),
        pytest.param(b"", InvalidCode.EMPTY_RECORD, None, id="empty"),
        pytest.param(b"hello", InvalidCode.NOT_JSON, None, id="not json"),
        pytest.param(RAW[:-1], InvalidCode.NOT_JSON, None, id="cut off"),
        pytest.param(RAW + b"x", InvalidCode.NOT_JSON, None, id="trailing bytes"),
        pytest.param(b"\xef\xbb\xbf" + RAW, InvalidCode.NOT_JSON, None, id="byte order mark"),
        pytest.param(RAW.replace(b"The", b"\x01"), InvalidCode.NOT_JSON, None, id="raw control character"),
        pytest.param(RAW.replace(b"The", b"\\ud800"), InvalidCode.NOT_JSON, None, id="lone surrogate in the text"),
        pytest.param(_extra(b'"\\ud800"'), InvalidCode.NOT_JSON, None, id="lone surrogate in an unknown field"),
        pytest.param(_extra(b"[" * 300 + b"]" * 300), InvalidCode.NOT_JSON, None, id="300 levels deep"),
        pytest.param(_extra(b"[" * 5000 + b"]" * 5000), InvalidCode.NOT_JSON, None, id="5000 levels deep"),
        pytest.param(b"[" * 1_000_000, InvalidCode.NOT_JSON, None, id="a million brackets"),
        pytest.param(_extra(b"9" * 5000), InvalidCode.NOT_JSON, None, id="a number of 5000 digits"),
        pytest.param(RAW.replace(b"knee", b"\xff\xfe"), InvalidCode.INVALID_UTF8, None, id="invalid utf-8"),
        pytest.param(RAW.replace(b"knee", b"\xed\xa0\x80"), InvalidCode.INVALID_UTF8, None, id="utf-8 surrogate"),
        pytest.param(RAW.decode().encode("utf-16"), InvalidCode.INVALID_UTF8, None, id="utf-16"),
        pytest.param(b"null", InvalidCode.WRONG_SCHEMA, "schema", id="null"),
        pytest.param(b"[]", InvalidCode.WRONG_SCHEMA, "schema", id="array"),
        pytest.param(b"17", InvalidCode.WRONG_SCHEMA, "schema", id="number"),
        pytest.param(b'"consult.chunk/1"', InvalidCode.WRONG_SCHEMA, "schema", id="string"),
        pytest.param(b"{}", InvalidCode.WRONG_SCHEMA, "schema", id="empty object"),
        pytest.param(_with(schema="consult.chunk/2"), InvalidCode.WRONG_SCHEMA, "schema", id="next version"),
        pytest.param(_with(schema="consult.verdict/1"), InvalidCode.WRONG_SCHEMA, "schema", id="another form"),
        pytest.param(_with(schema={"a": 1}), InvalidCode.WRONG_SCHEMA, "schema", id="schema is an object"),
        pytest.param(_without("text"), InvalidCode.MISSING_FIELD, "text", id="no text"),
        pytest.param(_without("speaker", "id"), InvalidCode.MISSING_FIELD, "speaker.id", id="no speaker.id"),
        pytest.param(_without("source"), InvalidCode.MISSING_FIELD, "source", id="no source"),
        pytest.param(_with(text=None), InvalidCode.INVALID_FIELD, "text", id="text null"),
        pytest.param(_with(text=["a"]), InvalidCode.INVALID_FIELD, "text", id="text an array"),
        pytest.param(_with(seq="0"), InvalidCode.INVALID_FIELD, "seq", id="seq a string"),
        pytest.param(_with(seq=0.0), InvalidCode.INVALID_FIELD, "seq", id="seq a fraction"),
        pytest.param(_with(seq=False), InvalidCode.INVALID_FIELD, "seq", id="seq a boolean"),
        pytest.param(_with(seq=None), InvalidCode.INVALID_FIELD, "seq", id="seq null"),
        pytest.param(_with(seq=-1), InvalidCode.INVALID_FIELD, "seq", id="seq negative"),
        pytest.param(_with(seq=2**53), InvalidCode.INVALID_FIELD, "seq", id="seq beyond exact"),
        pytest.param(RAW.replace(b'"seq":0', b'"seq":' + b"9" * 30), InvalidCode.INVALID_FIELD, "seq", id="seq huge"),
        pytest.param(_with(chunk_id="chk_0"), InvalidCode.INVALID_FIELD, "chunk_id", id="wrong chunk_id"),
        pytest.param(_with(ended_at_ms=-1), InvalidCode.INVALID_FIELD, "ended_at_ms", id="ends before zero"),
        pytest.param(_with(started_at_ms=9000), InvalidCode.INVALID_FIELD, "ended_at_ms", id="ends before it starts"),
        pytest.param(_with(speaker={"id": "a", "role": "Dr. Feld"}), InvalidCode.INVALID_FIELD, "speaker.role"),
        pytest.param(_with(speaker="Dr. Feld"), InvalidCode.INVALID_FIELD, "speaker", id="speaker a string"),
        pytest.param(_with(consult_id=""), InvalidCode.INVALID_FIELD, "consult_id", id="consult_id empty"),
        pytest.param(_with(tenant="t" * 201), InvalidCode.INVALID_FIELD, "tenant", id="tenant too long"),
        pytest.param(_with(asr_confidence=1.1), InvalidCode.INVALID_FIELD, "asr_confidence", id="confidence over one"),
        pytest.param(_with(text="x" * 1_000_000), InvalidCode.TEXT_TOO_LONG, "text", id="a megabyte of text"),
        pytest.param(_with(text="x" * (MAX_TEXT_CHARS + 1)), InvalidCode.TEXT_TOO_LONG, "text", id="one over"),
    ],
)
def test_a_bad_record_has_its_code_and_names_the_field(
    value: bytes | None, code: InvalidCode, field: str | None
) -> None:
    assert _decoded(value) == InvalidRecord(code, field)


@pytest.mark.parametrize("key", [None, b"", b"consult-2", b"consult-1 ", b"\xff"])
def test_a_record_whose_key_is_not_its_consultation_is_refused(key: bytes | None) -> None:
    assert _decoded(RAW, key=key) == InvalidRecord(InvalidCode.KEY_MISMATCH, "consult_id")


def test_text_at_the_limit_is_read() -> None:
    found = _decoded(_with(text="字" * MAX_TEXT_CHARS))

    assert isinstance(found, TranscriptChunk)
    assert len(found.text) == MAX_TEXT_CHARS


def test_unknown_fields_are_ignored_wherever_they_stand() -> None:
    speaker = orjson.loads(RAW)["speaker"] | {"pronouns": "they"}

    assert _decoded(_with(later={"a": [1]}, speaker=speaker)) == CHUNK


def _total(value: bytes, key: bytes | None) -> None:
    found = _decoded(value, key=key)
    if isinstance(found, InvalidRecord):
        assert found.field is None or FIELD.fullmatch(found.field)
    else:
        assert key == found.consult_id.encode()


@given(st.binary(max_size=200), st.none() | st.binary(max_size=20))
def test_no_bytes_make_it_raise(value: bytes, key: bytes | None) -> None:
    _total(value, key)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70).filter(lambda number: abs(number) < 2**63) | st.floats(
        allow_nan=False, allow_infinity=False) | strategies.text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strategies.text, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(sorted(orjson.loads(RAW))), json_values)
def test_no_value_of_any_field_makes_it_raise_or_appears_in_the_code(field: str, value: object) -> None:
    _total(_with(**{field: value}), KEY)


def _flip(position: int, byte: int) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:position] + bytes([byte]) + raw[position + 1 :]


@given(st.builds(_flip, st.integers(0, len(RAW) - 1), st.integers(0, 255)))
def test_no_single_damaged_byte_makes_it_raise(damage: Callable[[bytes], bytes]) -> None:
    _total(damage(RAW), KEY)
