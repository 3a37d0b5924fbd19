"""Keys in the process wrap with the newest, unwrap with all, and only what belongs together."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.sealing import wrapping_context
from pipeline.errors import KeyMissing, KeyRefused, SettingsError
from pipeline.keys.base import Wrapped
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.ring import KeyRing, RingKey, fingerprint
from tests.unit.keys.providers import OTHER_SECRET, SECRET

VARIABLE = "CONSULTGUARD_KEYS_SECRET"
ONE, OTHER = base64.b64encode(SECRET).decode(), base64.b64encode(OTHER_SECRET).decode()


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80))
def test_a_wrapped_key_unwraps_in_its_context(data_key: bytes, context: bytes) -> None:
    ring = KeyRing([RingKey(SECRET)], source="test")

    wrapped = ring.wrap(data_key, context=context)

    assert data_key not in wrapped.data
    assert ring.unwrap(wrapped, context=context) == data_key


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_it_unwraps_in_no_other_context(context: bytes, other: bytes) -> None:
    ring = KeyRing([RingKey(SECRET)], source="test")
    wrapped = ring.wrap(bytes(32), context=context)

    if other == context:
        assert ring.unwrap(wrapped, context=other) == bytes(32)
    else:
        with pytest.raises(KeyRefused):
            ring.unwrap(wrapped, context=other)


@given(st.integers(0, 59), st.integers(1, 255))
def test_it_unwraps_with_no_byte_changed_and_none_missing(place: int, change: int) -> None:
    ring = KeyRing([RingKey(SECRET)], source="test")
    data = bytearray(ring.wrap(bytes(32), context=b"").data)
    cut = bytes(data[:place])
    data[place] ^= change

    for spoilt in (bytes(data), cut):
        with pytest.raises(KeyRefused, match=ring.key_id):
            ring.unwrap(Wrapped(ring.key_id, spoilt), context=b"")


def test_the_last_key_wraps_and_the_others_still_unwrap() -> None:
    before = KeyRing([RingKey(SECRET)], source="test")
    wrapped = before.wrap(bytes(32), context=b"c")

    after = KeyRing([RingKey(SECRET), RingKey(OTHER_SECRET)], source="test")

    assert after.key_id == fingerprint(OTHER_SECRET)
    assert after.wrap(bytes(32), context=b"c").provider_key_id == fingerprint(OTHER_SECRET)
    assert after.unwrap(wrapped, context=b"c") == bytes(32)


def test_a_key_that_is_gone_is_named() -> None:
    wrapped = KeyRing([RingKey(SECRET)], source="test").wrap(bytes(32), context=b"")

    with pytest.raises(KeyMissing, match=rf"{fingerprint(SECRET)} is not in the file: restore"):
        KeyRing([RingKey(OTHER_SECRET)], source="the file").unwrap(wrapped, context=b"")


def test_no_two_consultations_and_keys_have_the_same_context() -> None:
    """Even where the ids hold the separators."""
    ids = ["a", "a b", "b", "1 a", "a 1", "", " "]
    pairs = [(consult, key) for consult in ids for key in ids]

    assert len({wrapping_context(*pair) for pair in pairs}) == len(pairs)


def test_an_environment_key_has_the_same_id_as_the_same_key_in_a_ring() -> None:
    assert EnvironmentKeys(ONE, variable=VARIABLE).key_id == KeyRing([RingKey(SECRET)], source="test").key_id


def test_the_first_environment_key_wraps_and_those_after_it_unwrap() -> None:
    wrapped = EnvironmentKeys(ONE, variable=VARIABLE).wrap(bytes(32), context=b"c")
    rotated = EnvironmentKeys(f"{OTHER}, {ONE}", variable=VARIABLE)

    assert rotated.key_id == fingerprint(OTHER_SECRET)
    assert rotated.unwrap(wrapped, context=b"c") == bytes(32)
    with pytest.raises(KeyMissing, match=VARIABLE):
        EnvironmentKeys(OTHER, variable=VARIABLE).unwrap(wrapped, context=b"c")


@pytest.mark.parametrize("value", ["", "hunter2", "aGVsbG8=", ONE[:-4], ONE + ",", "ключ", ONE.replace("=", "")])
def test_an_environment_key_of_another_form_is_refused_unquoted(value: str) -> None:
    with pytest.raises(SettingsError, match=r"CONSULTGUARD_KEYS_SECRET: must be 32 random bytes in base64") as refused:
        EnvironmentKeys(value, variable=VARIABLE)

    assert not value or value not in str(refused.value)
    assert refused.value.__cause__ is refused.value.__context__ is None
