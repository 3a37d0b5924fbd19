"""Whatever is done to a chain in its topic is found there by its name, on both brokers."""

from collections.abc import Callable

import pytest

from pipeline.audit.chain import link
from pipeline.audit.verify import FlawKind, Signed, verify
from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.domain.audit import GENESIS, ChainHead
from pipeline.domain.sealing import Sealed
from tests.audit_chains import CHAIN, chain, entry, records
from tests.contract.rig import Rig

LENGTH = 120
PLACE = 70


def _seal(_consult_id: str, plain: bytes, bound_to: bytes) -> Sealed:
    """Of the form of a seal; what is verified is the chain, over whatever ciphertext there is."""
    return Sealed("dk_0", bytes(12), bytes(byte ^ 0x5A for byte in plain) + bytes(16))


LINKS = chain(LENGTH, seal=_seal)
SIGNED = Signed(LENGTH, verify(records(LINKS), chain_id=CHAIN).head.hash)


def _after(place: int, *, head: ChainHead | None = None) -> bytes:
    """A forged record that follows the first `place` ones."""
    before = head or verify(records(LINKS[:place]), chain_id=CHAIN).head
    return link(entry(LENGTH + 1), chain_id=CHAIN, head=before, seal=_seal)[0]


def _another_history(*, since: int) -> list[bytes]:
    """Sound in itself, by somebody who can write but not sign."""
    head = verify(records(LINKS[:since]), chain_id=CHAIN).head if since else GENESIS
    values = LINKS[:since]
    for number in range(since, LENGTH):
        value, head = link(entry(number + LENGTH), chain_id=CHAIN, head=head, seal=_seal)
        values = [*values, value]
    return values


def _edited(old: bytes, new: bytes) -> list[bytes]:
    assert old in LINKS[PLACE]
    return [*LINKS[:PLACE], LINKS[PLACE].replace(old, new, 1), *LINKS[PLACE + 1 :]]


TAMPERINGS: dict[str, tuple[Callable[[], list[bytes]], FlawKind, int]] = {
    "an outcome edited": (lambda: _edited(b'"outcome":"unsafe"', b'"outcome":"safe"'), FlawKind.ALTERED, PLACE),
    "a time edited": (lambda: _edited(b'"recorded_at_ms":175', b'"recorded_at_ms":176'), FlawKind.ALTERED, PLACE),
    "a sealed byte edited": (lambda: _edited(b'"text":"', b'"text":"AA'), FlawKind.ALTERED, PLACE),
    "a hash edited": (lambda: _edited(b'"hash":"', b'"hash":"f'), FlawKind.ALTERED, PLACE),
    "a record deleted": (lambda: [*LINKS[:PLACE], *LINKS[PLACE + 1 :]], FlawKind.MISSING, PLACE),
    "ten records deleted": (lambda: [*LINKS[:PLACE], *LINKS[PLACE + 10 :]], FlawKind.MISSING, PLACE),
    "the beginning deleted": (lambda: LINKS[PLACE:], FlawKind.MISSING, 0),
    "two records changed over": (
        lambda: [*LINKS[:PLACE], LINKS[PLACE + 1], LINKS[PLACE], *LINKS[PLACE + 2 :]],
        FlawKind.REORDERED,
        PLACE,
    ),
    "a record twice": (lambda: [*LINKS[:PLACE], LINKS[3], *LINKS[PLACE:]], FlawKind.DUPLICATED, 3),
    "a linked record put in": (lambda: [*LINKS[:PLACE], _after(PLACE), *LINKS[PLACE:]], FlawKind.FORKED, PLACE),
    "a loose record put in": (
        lambda: [*LINKS[:PLACE], _after(PLACE, head=ChainHead(PLACE - 1, "e" * 64)), *LINKS[PLACE:]],
        FlawKind.INSERTED,
        PLACE,
    ),
    "the tail cut": (lambda: LINKS[:PLACE], FlawKind.TAIL_CUT, PLACE),
    "everything cut": (list, FlawKind.TAIL_CUT, 0),
    "the chain written anew": (lambda: _another_history(since=0), FlawKind.REPLACED, LENGTH - 1),
    "the chain written anew from the middle": (lambda: _another_history(since=PLACE), FlawKind.REPLACED, LENGTH - 1),
    "an older state put back and gone on with": (
        lambda: [*LINKS[:PLACE], *_another_history(since=PLACE)[PLACE : PLACE + 20]],
        FlawKind.TAIL_CUT,
        PLACE + 20,
    ),
}


def _in_a_topic(rig: Rig, values: list[bytes]) -> TopicPartition:
    topic = rig.topic()
    with rig.publishing() as publish:
        publish([OutgoingRecord(topic, b"consult-1", value, 0) for value in values])
    return TopicPartition(topic, 0)


def test_each_tampering_is_found_by_its_name_and_place(rig: Rig) -> None:
    found: dict[str, tuple[FlawKind | None, int | None]] = {}
    for name, (make, _, _) in TAMPERINGS.items():
        place = _in_a_topic(rig, make())
        with rig.reading() as reader:
            flaw = verify(reader.read(place, start=0), chain_id=CHAIN, signed=SIGNED).flaw
        found[name] = (None, None) if flaw is None else (flaw.kind, flaw.seq)

    assert found == {name: (kind, seq) for name, (_, kind, seq) in TAMPERINGS.items()}


def test_an_untouched_chain_verifies(rig: Rig) -> None:
    place = _in_a_topic(rig, LINKS)

    with rig.reading() as reader:
        result = verify(reader.read(place, start=0), chain_id=CHAIN, signed=SIGNED)

    assert (result.verified, result.records) == (True, LENGTH)


@pytest.mark.parametrize("at", range(0, 2000, 37))
def test_no_byte_of_a_record_can_be_changed(at: int) -> None:
    value = bytearray(LINKS[PLACE])
    value[at % len(value)] ^= 0x01

    tampered = [*LINKS[:PLACE], bytes(value), *LINKS[PLACE + 1 :]]

    flaw = verify(records(tampered), chain_id=CHAIN).flaw
    assert flaw is not None
    assert flaw.seq == PLACE
