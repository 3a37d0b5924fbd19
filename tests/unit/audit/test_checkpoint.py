"""A checkpoint is believed only if every byte of it is what the deployment's key signed, and it fits itself."""

from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.canonical import canonical
from pipeline.audit.checkpoint import ChainState, Checkpoint, Flaw, hash_of_checkpoint, read, sign
from pipeline.audit.merkle import Frontier
from pipeline.audit.signing_key import fingerprint
from pipeline.errors import CheckpointForged
from tests.unit.audit.checkpoints import ISSUED_AT_MS, KEY, ORIGIN, OTHER_KEY, checkpoint, state

PUBLIC = KEY.public_key()
SIZES = {"consult.chunks/0": 5, "consult.chunks/1": 0, "events/0": 8}
VALUE = checkpoint(3, SIZES, prev="ab" * 32)


def _flaw(value: bytes, *, public_key: Ed25519PublicKey = PUBLIC, origin: str | None = ORIGIN) -> str:
    with pytest.raises(CheckpointForged) as caught:
        read(value, public_key=public_key, origin=origin)
    assert caught.value.flaw in str(caught.value)
    return caught.value.flaw


def _resigned(**changes: Any) -> bytes:
    """What the key's holder would sign with these fields changed."""
    body = orjson.loads(VALUE)
    del body["signature"]
    body |= changes
    return canonical(body | {"signature": b64encode(KEY.sign(canonical(body))).decode()})


def test_what_was_signed_is_what_is_read() -> None:
    found = read(VALUE, public_key=PUBLIC, origin=ORIGIN)

    assert found == Checkpoint(
        ORIGIN,
        3,
        "ab" * 32,
        ISSUED_AT_MS + 3000,
        tuple(state(chain_id, size) for chain_id, size in SIZES.items()),
        fingerprint(PUBLIC),
    )
    assert sign(found, KEY) == VALUE


def test_another_implementation_can_check_it_with_the_public_key_alone() -> None:
    """What the format promises: parse, take the signature out, write canonically, verify."""
    body = orjson.loads(VALUE)
    signature = b64decode(body.pop("signature"))

    PUBLIC.verify(signature, orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    assert hash_of_checkpoint(VALUE) == sha256(VALUE).hexdigest()


def test_a_checkpoint_without_chains_is_one() -> None:
    assert read(checkpoint(0, {}), public_key=PUBLIC).chains == ()


@given(st.integers(0, len(VALUE) - 1), st.integers(1, 255))
def test_a_change_of_any_one_byte_is_found(place: int, change: int) -> None:
    bent = bytearray(VALUE)
    bent[place] ^= change

    with pytest.raises(CheckpointForged):
        read(bytes(bent), public_key=PUBLIC)


@given(st.binary(max_size=200))
def test_no_bytes_are_a_checkpoint_by_chance(value: bytes) -> None:
    assert _flaw(value) == Flaw.UNREADABLE


@pytest.mark.parametrize("length", [0, 1, len(VALUE) // 2, len(VALUE) - 1])
def test_a_cut_checkpoint_is_unreadable(length: int) -> None:
    assert _flaw(VALUE[:length]) == Flaw.UNREADABLE


def test_another_spelling_of_the_same_checkpoint_is_unreadable() -> None:
    assert _flaw(orjson.dumps(orjson.loads(VALUE), option=orjson.OPT_INDENT_2)) == Flaw.UNREADABLE
    assert _flaw(VALUE + b"\n") == Flaw.UNREADABLE
    assert _flaw(b'{"seq":4,' + VALUE[1:]) == Flaw.UNREADABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "consult.audit-checkpoint/2"},
        {"seq": -1},
        {"seq": 1.5},
        {"seq": True},
        {"seq": 2**53},
        {"prev": "AB" * 32},
        {"prev": "ab"},
        {"origin": None},
        {"key": 7},
        {"issued_at_ms": "1"},
        {"chains": {}},
        {"chains": [None]},
        {"chains": [{}]},
        {"chains": [{"id": "a", "size": 0, "head": "0" * 64, "root": "0" * 64, "frontier": ["x"]}]},
        {"more": 1},
        {"chains": orjson.loads(VALUE)["chains"][::-1]},
        {"chains": orjson.loads(VALUE)["chains"][:1] * 2},
    ],
    ids=repr,
)
def test_a_form_that_was_never_released_is_unreadable_even_if_it_is_signed(changes: dict[str, Any]) -> None:
    assert _flaw(_resigned(**changes)) == Flaw.UNREADABLE


def test_a_change_under_the_old_signature_is_named() -> None:
    body = orjson.loads(VALUE)
    body["issued_at_ms"] += 1

    assert _flaw(canonical(body)) == Flaw.SIGNATURE


@pytest.mark.parametrize("signature", ["", "AAAA", b64encode(bytes(64)).decode()])
def test_what_is_no_signature_is_named(signature: str) -> None:
    assert _flaw(canonical(orjson.loads(VALUE) | {"signature": signature})) == Flaw.SIGNATURE


@pytest.mark.parametrize("signature", [None, 1, "not base64!", "AAB="])
def test_a_signature_that_is_no_canonical_base64_is_unreadable(signature: object) -> None:
    assert _flaw(canonical(orjson.loads(VALUE) | {"signature": signature})) == Flaw.UNREADABLE


def test_a_forger_who_signs_with_a_key_of_his_own_is_named() -> None:
    forged = checkpoint(3, SIZES, key=OTHER_KEY)
    # The same, under the real key's name.
    disguised = orjson.loads(forged) | {"key": fingerprint(PUBLIC)}

    assert _flaw(forged) == Flaw.ANOTHER_KEY
    assert _flaw(canonical(disguised)) == Flaw.SIGNATURE


def test_a_verifier_with_another_public_key_is_told_so() -> None:
    assert _flaw(VALUE, public_key=OTHER_KEY.public_key()) == Flaw.ANOTHER_KEY


def test_a_checkpoint_of_another_deployment_is_named() -> None:
    assert _flaw(VALUE, origin="clinic-south") == Flaw.ANOTHER_ORIGIN
    assert read(VALUE, public_key=PUBLIC).origin == ORIGIN


def _bent_chains() -> list[ChainState]:
    sound = state("events/0", 5)
    return [
        replace(sound, size=6),
        replace(sound, size=7),
        replace(sound, head="ab" * 32),
        replace(state("events/0", 6), size=5),
        replace(sound, root="ab" * 32),
        replace(sound, frontier=()),
        replace(sound, frontier=sound.frontier[::-1]),
        replace(sound, head="0" * 64),
        replace(state("events/0", 0), head="ab" * 32),
    ]


@pytest.mark.parametrize("chain", _bent_chains(), ids=range(9))
def test_a_signed_frontier_that_does_not_give_its_root_or_size_is_named(chain: ChainState) -> None:
    value = sign(Checkpoint(ORIGIN, 0, "0" * 64, 0, (chain,), fingerprint(PUBLIC)), KEY)

    assert _flaw(value) == Flaw.FRONTIER


def test_a_checkpoint_is_not_signed_under_the_name_of_another_key() -> None:
    with pytest.raises(ValueError, match="another key"):
        sign(read(VALUE, public_key=PUBLIC), OTHER_KEY)


@given(st.integers(0, 70), st.integers(0, 30))
def test_a_tree_grows_on_from_what_a_checkpoint_holds(before: int, more: int) -> None:
    (found,) = read(checkpoint(0, {"events/0": before}), public_key=PUBLIC).chains
    tree, whole = found.tree(), Frontier()
    for number in range(more):
        tree.add(b"%d" % number)
    for leaf in [*_digests(before), *(b"%d" % number for number in range(more))]:
        whole.add(leaf)

    assert tree.root() == whole.root()


def _digests(count: int) -> list[bytes]:
    return [sha256(f"events/0/{number}".encode()).digest() for number in range(count)]
