"""A consultation is sealed under keys that are published with what they seal, and never lost before that."""

from dataclasses import replace

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.sealing import NONCE_BYTES, Sealed, WrappedKey
from pipeline.errors import KeyMissing, KeyRefused, KeyUnavailable
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.data_keys import open_sealed, rewrap_data_key, unwrap_data_key
from pipeline.testing.fake_clock import FakeClock
from tests.unit.keys.providers import OTHER_SECRET, BreakableKeys

WORDS = b"the cough is better"
PLACE = b"consult.chunks/2 17"


def _keys(provider: BreakableKeys, *, max_consults: int = 10_000) -> ConsultationKeys:
    return ConsultationKeys(provider, clock=FakeClock(now_ms=1_000), max_consults=max_consults)


def _published(keys: ConsultationKeys, consult_id: str) -> WrappedKey:
    (key,) = keys.unpublished([consult_id])
    keys.committed([key])
    return key


@given(st.binary(max_size=300), st.binary(max_size=60), st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_is_sealed_opens_with_the_published_key_in_its_place(text: bytes, place: bytes, consult_id: str) -> None:
    provider = BreakableKeys()
    keys = _keys(provider)

    sealed = keys.seal(consult_id, text, bound_to=place)

    (key,) = keys.unpublished([consult_id])
    assert (key.consult_id, key.key_id, key.created_at_ms) == (consult_id, sealed.key_id, 1_000)
    assert key.provider_key_id == provider.key_id
    assert open_sealed(sealed, unwrap_data_key(provider, key), bound_to=place) == text


def test_sealed_text_does_not_hold_the_text_and_differs_each_time() -> None:
    keys = _keys(BreakableKeys())

    first, second = (keys.seal("c-1", WORDS, bound_to=PLACE) for _ in range(2))

    assert WORDS not in first.ciphertext
    assert first.key_id == second.key_id
    assert len(first.nonce) == NONCE_BYTES
    assert (first.nonce, first.ciphertext) != (second.nonce, second.ciphertext)


def test_each_consultation_has_a_key_of_its_own() -> None:
    provider = BreakableKeys()
    keys = _keys(provider)
    sealed = [keys.seal(consult_id, WORDS, bound_to=PLACE) for consult_id in ("c-1", "c-2")]

    one, two = keys.unpublished(["c-1", "c-2"])

    assert [sealed[0].key_id, sealed[1].key_id] == [one.key_id, two.key_id]
    assert one.key_id != two.key_id
    with pytest.raises(KeyRefused):
        open_sealed(sealed[0], unwrap_data_key(provider, two), bound_to=PLACE)


@pytest.mark.parametrize("spoil", ["place", "ciphertext", "nonce", "key", "cut", "no nonce", "short key"])
def test_sealed_text_that_was_altered_or_moved_does_not_open(spoil: str) -> None:
    provider = BreakableKeys()
    keys = _keys(provider)
    sealed, place = keys.seal("c-1", WORDS, bound_to=PLACE), PLACE
    data_key = unwrap_data_key(provider, keys.unpublished(["c-1"])[0])
    match spoil:
        case "place":
            place = b"consult.chunks/2 18"
        case "ciphertext":
            sealed = replace(sealed, ciphertext=bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:])
        case "nonce":
            sealed = replace(sealed, nonce=bytes(NONCE_BYTES))
        case "key":
            data_key = OTHER_SECRET
        case "cut":
            sealed = replace(sealed, ciphertext=sealed.ciphertext[:5])
        case "no nonce":
            sealed = replace(sealed, nonce=b"")
        case "short key":
            data_key = b"short"

    with pytest.raises(KeyRefused, match=f"under {sealed.key_id} does not open"):
        open_sealed(sealed, data_key, bound_to=place)


def test_a_key_stays_unpublished_and_the_same_until_its_transaction_is_committed() -> None:
    provider = BreakableKeys()
    keys = _keys(provider)
    assert keys.unpublished(["c-1"]) == []  # nothing sealed yet
    keys.seal("c-1", WORDS, bound_to=PLACE)

    first = keys.unpublished(["c-1", "c-1"])
    again = keys.unpublished(["c-1"])  # the first transaction was aborted
    keys.committed(again)
    keys.seal("c-1", WORDS, bound_to=PLACE)

    assert len(first) == 1
    assert first == again
    assert provider.wraps == 1
    assert keys.unpublished(["c-1"]) == []


def test_only_the_consultations_asked_about_are_published() -> None:
    keys = _keys(BreakableKeys())
    for consult_id in ("c-1", "c-2", "c-3"):
        keys.seal(consult_id, WORDS, bound_to=PLACE)

    assert [key.consult_id for key in keys.unpublished(["c-3", "c-1", "unheard of"])] == ["c-3", "c-1"]


def test_sealing_waits_for_no_provider_and_a_wrap_that_fails_is_tried_again() -> None:
    provider = BreakableKeys()
    provider.fault = KeyUnavailable("away")
    keys = _keys(provider)
    sealed = keys.seal("c-1", WORDS, bound_to=PLACE)

    with pytest.raises(KeyUnavailable):
        keys.unpublished(["c-1"])
    provider.fault = None

    assert _published(keys, "c-1").key_id == sealed.key_id


def test_a_new_owner_goes_on_with_the_key_that_was_committed() -> None:
    provider = BreakableKeys()
    before = _keys(provider)
    sealed = before.seal("c-1", WORDS, bound_to=PLACE)
    key = _published(before, "c-1")
    after = _keys(provider)

    after.restore(key)
    assert provider.unwraps == 0  # of thousands restored, few speak again

    went_on = [after.seal("c-1", WORDS, bound_to=PLACE) for _ in range(2)]
    assert {one.key_id for one in went_on} == {sealed.key_id}
    assert provider.unwraps == 1
    assert after.unpublished(["c-1"]) == []
    assert open_sealed(went_on[0], unwrap_data_key(provider, key), bound_to=PLACE) == WORDS


def test_the_last_key_restored_counts_and_one_in_use_is_kept() -> None:
    provider = BreakableKeys()
    restored = []
    for _ in range(2):
        earlier = _keys(provider)
        earlier.seal("c-1", WORDS, bound_to=PLACE)
        restored.append(_published(earlier, "c-1"))
    keys = _keys(provider)
    for key in restored:
        keys.restore(key)

    assert keys.seal("c-1", WORDS, bound_to=PLACE).key_id == restored[1].key_id
    keys.restore(restored[0])
    assert keys.seal("c-1", WORDS, bound_to=PLACE).key_id == restored[1].key_id


@pytest.mark.parametrize("fault", [KeyMissing("gone: kek_1"), KeyRefused("does not open")])
def test_a_restored_key_that_cannot_be_opened_gives_way_to_a_new_one_and_a_warning(fault: KeyMissing) -> None:
    provider = BreakableKeys()
    before = _keys(provider)
    old = before.seal("c-1", WORDS, bound_to=PLACE)
    key = _published(before, "c-1")
    after = _keys(provider)
    after.restore(key)
    provider.fault = fault

    with structlog.testing.capture_logs() as lines:
        sealed = after.seal("c-1", WORDS, bound_to=PLACE)
    provider.fault = None

    assert sealed.key_id != old.key_id
    assert [(line["event"], line["log_level"], line["data_key_id"]) for line in lines] == [
        ("data_key_not_restored", "warning", old.key_id)
    ]
    (new,) = after.unpublished(["c-1"])
    assert open_sealed(sealed, unwrap_data_key(provider, new), bound_to=PLACE) == WORDS


def test_a_restored_key_whose_provider_is_away_is_waited_for_and_not_replaced() -> None:
    provider = BreakableKeys()
    before = _keys(provider)
    before.seal("c-1", WORDS, bound_to=PLACE)
    key = _published(before, "c-1")
    after = _keys(provider)
    after.restore(key)
    provider.fault = KeyUnavailable("away")

    with pytest.raises(KeyUnavailable):
        after.seal("c-1", WORDS, bound_to=PLACE)
    provider.fault = None

    assert after.seal("c-1", WORDS, bound_to=PLACE).key_id == key.key_id


def test_a_key_of_another_consultation_put_in_place_of_its_own_is_refused() -> None:
    provider = BreakableKeys()
    keys = _keys(provider)
    keys.seal("c-1", WORDS, bound_to=PLACE)
    key = _published(keys, "c-1")

    for moved in (replace(key, consult_id="c-2"), replace(key, key_id="dk_other")):
        with pytest.raises(KeyRefused, match="moved from another consultation"):
            unwrap_data_key(provider, moved)


def test_what_a_provider_unwraps_to_another_length_is_no_data_key() -> None:
    provider = BreakableKeys()
    wrapped = provider.wrap(b"sixteen bytes ..", context=b"consult.key/1 4 dk_1 c-1")

    with pytest.raises(KeyRefused, match="dk_1 is no data key"):
        unwrap_data_key(provider, WrappedKey("c-1", "dk_1", wrapped.provider_key_id, wrapped.data, 0))


def test_a_forgotten_consultation_starts_again_with_a_new_key() -> None:
    keys = _keys(BreakableKeys())
    before = keys.seal("c-1", WORDS, bound_to=PLACE)

    keys.forget(["c-1", "unheard of"])

    assert keys.unpublished(["c-1"]) == []
    assert keys.seal("c-1", WORDS, bound_to=PLACE).key_id != before.key_id


def test_a_commit_of_a_key_that_was_replaced_meanwhile_publishes_nothing() -> None:
    keys = _keys(BreakableKeys())
    keys.seal("c-1", WORDS, bound_to=PLACE)
    old = keys.unpublished(["c-1"])
    keys.forget(["c-1"])
    new = keys.seal("c-1", WORDS, bound_to=PLACE)

    keys.committed(old)

    assert [key.key_id for key in keys.unpublished(["c-1"])] == [new.key_id]


def test_the_keys_used_longest_ago_are_dropped_but_never_an_unpublished_one() -> None:
    keys = _keys(BreakableKeys(), max_consults=2)

    def sealed(consult_id: str) -> Sealed:
        return keys.seal(consult_id, WORDS, bound_to=PLACE)

    first = {consult_id: sealed(consult_id).key_id for consult_id in ("unpublished", "old", "used", "new")}
    keys.committed(keys.unpublished(["old"]))  # four are held: the one that may go, goes
    assert len(keys.unpublished(["unpublished", "used", "new"])) == 3
    keys.committed(keys.unpublished(["used", "new"]))

    assert sealed("unpublished").key_id == first["unpublished"]
    assert sealed("new").key_id == first["new"]
    assert sealed("old").key_id != first["old"]
    assert sealed("used").key_id != first["used"]


def test_a_key_that_was_used_or_restored_again_is_dropped_after_one_that_was_not() -> None:
    provider = BreakableKeys()
    keys = _keys(provider, max_consults=2)
    first = {consult_id: keys.seal(consult_id, WORDS, bound_to=PLACE).key_id for consult_id in ("used", "silent")}
    keys.committed(keys.unpublished(["used", "silent"]))

    keys.seal("used", WORDS, bound_to=PLACE)
    keys.seal("newcomer", WORDS, bound_to=PLACE)

    assert keys.seal("used", WORDS, bound_to=PLACE).key_id == first["used"]
    assert keys.seal("silent", WORDS, bound_to=PLACE).key_id != first["silent"]

    earlier = _keys(provider)
    for consult_id in ("again", "once", "newcomer"):
        earlier.seal(consult_id, WORDS, bound_to=PLACE)
    again, once, newcomer = earlier.unpublished(["again", "once", "newcomer"])
    after = _keys(provider, max_consults=2)
    for key in (again, once, again, newcomer):
        after.restore(key)
    assert after.seal("again", WORDS, bound_to=PLACE).key_id == again.key_id


def test_restoring_more_than_are_held_keeps_the_last() -> None:
    provider = BreakableKeys()
    before = _keys(provider)
    for number in range(5):
        before.seal(f"c-{number}", WORDS, bound_to=PLACE)
    wrapped = before.unpublished([f"c-{number}" for number in range(5)])
    after = _keys(provider, max_consults=2)

    for key in wrapped:
        after.restore(key)

    assert after.seal("c-4", WORDS, bound_to=PLACE).key_id == wrapped[4].key_id
    assert after.seal("c-3", WORDS, bound_to=PLACE).key_id == wrapped[3].key_id
    assert after.seal("c-0", WORDS, bound_to=PLACE).key_id != wrapped[0].key_id


def test_wrapping_anew_changes_the_wrapping_and_nothing_else() -> None:
    provider = BreakableKeys()
    keys = _keys(provider)
    sealed = keys.seal("c-1", WORDS, bound_to=PLACE)
    key = _published(keys, "c-1")

    anew = rewrap_data_key(provider, key)

    assert replace(anew, wrapped=key.wrapped) == key
    assert anew.wrapped != key.wrapped
    assert open_sealed(sealed, unwrap_data_key(provider, anew), bound_to=PLACE) == WORDS
