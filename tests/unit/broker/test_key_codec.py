"""Wrapped keys survive the wire, and what is no wrapped key is told apart."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.key_codec import decode_key, encode_key, key_record_key
from pipeline.domain.sealing import WrappedKey
from pipeline.domain.wire import KeyV1
from tests import strategies

SAMPLES = sorted((Path(__file__).parents[3] / "schemas" / "samples").glob("consult.key-1.*.json"))
_wrapped_keys = st.builds(
    WrappedKey,
    strategies.identifiers,
    strategies.identifiers,
    strategies.identifiers,
    st.binary(min_size=1, max_size=400),
    strategies.counts,
)


@given(_wrapped_keys)
def test_every_key_written_is_of_the_released_form_and_read_back_the_same(key: WrappedKey) -> None:
    value = encode_key(key)

    KeyV1.model_validate_json(value)
    assert decode_key(value) == key


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_read_and_written_back_the_same(sample: Path) -> None:
    key = decode_key(sample.read_bytes())

    assert key is not None
    assert json.loads(encode_key(key)) == json.loads(sample.read_bytes())


@pytest.mark.parametrize(
    "change",
    [{"schema": "consult.key/2"}, {"wrapped": "?"}, {"wrapped": "AAAAA"}, {"key_id": ""}, {"created_at_ms": "0"}],
    ids=str,
)
def test_what_is_not_of_the_form_is_none(change: dict[str, str]) -> None:
    body = json.loads(SAMPLES[0].read_bytes()) | change

    assert decode_key(json.dumps(body).encode()) is None


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", b"[1]"])
def test_what_is_no_json_object_is_none(value: bytes) -> None:
    assert decode_key(value) is None


def test_a_record_is_keyed_by_consultation_and_key() -> None:
    assert key_record_key("诊次/七", "dk_1") == "诊次/七/dk_1".encode()
