"""In a series of checkpoints nothing can be left out, replaced, put in or taken back without being named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.checkpoint import Flaw, hash_of_checkpoint
from pipeline.audit.checkpoint_series import Series, follow, gone_back
from tests.unit.audit.checkpoints import ISSUED_AT_MS, KEY, ORIGIN, OTHER_KEY, checkpoint, series, state

A, B = "consult.chunks/0", "consult.chunks/1"
VALUES = series({A: 0}, {A: 3, B: 2}, {A: 3, B: 2}, {A: 6, B: 9}, {A: 7, B: 9})


def _follow(values: list[bytes], first_seq: int = 0) -> Series:
    return follow(values, public_key=KEY.public_key(), origin=ORIGIN, first_seq=first_seq)


def _next(value: bytes, seq: int, sizes: dict[str, int], *, issued_at_ms: int | None = None, story: str = "") -> bytes:
    return checkpoint(seq, sizes, prev=hash_of_checkpoint(value), issued_at_ms=issued_at_ms, story=story)


def test_a_sound_series_is_followed_to_its_last() -> None:
    found = _follow(VALUES)

    assert found.verified
    assert (found.count, found.flaw, found.seq) == (5, None, None)
    assert found.last is not None
    assert found.last.seq == 4


def test_a_series_of_none_is_sound() -> None:
    assert (_follow([]).verified, _follow([]).last) == (True, None)


def test_the_same_checkpoint_twice_in_a_row_is_one() -> None:
    assert _follow([value for value in VALUES for _ in range(2)]).count == 5


@pytest.mark.parametrize("place", range(4))
def test_a_missing_checkpoint_is_named_by_its_number(place: int) -> None:
    found = _follow([*VALUES[:place], *VALUES[place + 1 :]])

    assert (found.flaw, found.seq, found.count) == (Flaw.MISSING, place, place)


def test_a_beginning_that_is_kept_no_more_is_said_to_be() -> None:
    assert _follow(VALUES[2:], first_seq=2).count == 3
    assert _follow(VALUES[2:]).flaw is Flaw.MISSING
    assert _follow(VALUES[2:], first_seq=1).flaw is Flaw.MISSING
    assert _follow(VALUES[2:], first_seq=3).flaw is Flaw.REORDERED


@given(st.permutations(range(5)), st.integers(0, 5))
def test_of_any_order_and_selection_only_a_beginning_of_the_series_is_sound(order: list[int], length: int) -> None:
    chosen = order[:length]

    assert _follow([VALUES[number] for number in chosen]).verified == (chosen == list(range(length)))


def test_two_checkpoints_of_one_number_are_named() -> None:
    fork = _next(VALUES[1], 2, {A: 4, B: 2})

    assert _follow([*VALUES[:3], fork]).flaw is Flaw.FORKED
    assert _follow([*VALUES[:2], fork, *VALUES[3:]]).flaw is Flaw.NOT_LINKED


def test_a_first_checkpoint_that_follows_another_is_named() -> None:
    found = _follow([checkpoint(0, {A: 1}, prev="ab" * 32)])

    assert (found.flaw, found.seq) == (Flaw.NOT_LINKED, 0)


def test_a_time_that_goes_backwards_is_named() -> None:
    earlier = _next(VALUES[1], 2, {A: 4, B: 2}, issued_at_ms=ISSUED_AT_MS + 999)
    equal = _next(VALUES[1], 2, {A: 4, B: 2}, issued_at_ms=ISSUED_AT_MS + 1000)

    assert (_follow([*VALUES[:2], earlier]).flaw, _follow([*VALUES[:2], equal]).flaw) == (Flaw.CLOCK, None)


@pytest.mark.parametrize("sizes", [{A: 2, B: 2}, {A: 3, B: 0}, {A: 3}, {}])
def test_a_chain_that_shrinks_or_vanishes_was_rolled_back(sizes: dict[str, int]) -> None:
    found = _follow([*VALUES[:2], _next(VALUES[1], 2, sizes)])

    assert (found.flaw, found.seq) == (Flaw.ROLLED_BACK, 2)
    assert found.chain_id == (A if sizes.get(A) == 2 or not sizes else B)


def test_a_chain_of_the_same_length_and_another_content_is_named() -> None:
    found = _follow([*VALUES[:2], _next(VALUES[1], 2, {A: 3, B: 2}, story="another ")])

    assert (found.flaw, found.chain_id) == (Flaw.REWRITTEN, A)


def test_the_first_flaw_ends_it_and_the_last_sound_one_is_known() -> None:
    bent = VALUES[2].replace(b'"seq":2', b'"seq":3')
    found = _follow([*VALUES[:2], bent, *VALUES[3:]])

    assert (found.flaw, found.seq, found.count) == (Flaw.SIGNATURE, 2, 2)
    assert found.last is not None
    assert found.last.seq == 1


def test_a_checkpoint_of_another_deployment_or_key_has_no_place_in_it() -> None:
    prev = hash_of_checkpoint(VALUES[0])

    assert _follow([VALUES[0], checkpoint(1, {A: 3}, prev=prev, origin="x")]).flaw is Flaw.ANOTHER_ORIGIN
    assert _follow([VALUES[0], checkpoint(1, {A: 3}, prev=prev, key=OTHER_KEY)]).flaw is Flaw.ANOTHER_KEY


def test_a_new_key_takes_over_and_the_old_one_may_not_sign_after_it() -> None:
    first = VALUES[0]
    second = checkpoint(1, {A: 3}, prev=hash_of_checkpoint(first), key=OTHER_KEY)
    back = checkpoint(2, {A: 3}, prev=hash_of_checkpoint(second))

    def rotated(values: list[bytes]) -> Series:
        return follow(values, public_key=OTHER_KEY.public_key(), earlier_keys=[KEY.public_key()], origin=ORIGIN)

    assert rotated([first, second]).count == 2
    assert (rotated([first, second, back]).flaw, rotated([first, second, back]).seq) == (Flaw.ANOTHER_KEY, 2)
    assert rotated([first]).verified


@given(st.integers(0, 80), st.integers(0, 80))
def test_a_chain_that_only_grows_shows_nothing(size: int, more: int) -> None:
    assert gone_back(state(A, size), state(A, size + more)) is None


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_rewritten_chain_shows_where_the_two_share_a_subtree(size: int, more: int) -> None:
    """They share their largest one exactly while the newer tree has not doubled past it."""
    shared = size.bit_length() == (size + more).bit_length()

    found = gone_back(state(A, size), state(A, size + more, story="another "))

    assert found is (Flaw.REWRITTEN if shared else None)
