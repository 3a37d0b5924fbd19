"""How links are made, sealed, read and continued."""

import base64
from dataclasses import replace

import orjson
import pytest

from pipeline.audit.canonical import canonical, hash_of
from pipeline.audit.chain import bound_to, chain_id_of, link, resume, sealed_in
from pipeline.audit.verify import verify
from pipeline.audit.writer import ChainWriter
from pipeline.clock import SystemClock
from pipeline.domain.audit import GENESIS
from pipeline.errors import AuditBroken, KeyRefused
from pipeline.keys.consultation_keys import ConsultationKeys
from pipeline.keys.environment import EnvironmentKeys
from pipeline.keys.opening import Opener
from tests.audit_chains import CHAIN, SOURCE, chain, entry, records

LINKS = chain(5)
PROVIDER = EnvironmentKeys(base64.b64encode(bytes(32)).decode(), variable="KEY")


def test_a_new_owner_continues_after_the_last_record() -> None:
    head = resume(records(LINKS)[-1], chain_id=CHAIN)
    value, _ = link(entry(5), chain_id=CHAIN, head=head)

    assert verify(records([*LINKS, value]), chain_id=CHAIN).records == 6


def test_without_a_record_a_chain_begins() -> None:
    assert resume(None, chain_id=CHAIN) == GENESIS


@pytest.mark.parametrize(
    "value", [b"", b"{}", LINKS[4].replace(b"unsafe", b"safe"), chain(1, chain_id="consult.chunks/0")[0]]
)
def test_a_worker_refuses_to_write_after_a_record_that_is_no_sound_link(value: bytes) -> None:
    with pytest.raises(AuditBroken, match="offset 0"):
        resume(records([value])[0], chain_id=CHAIN)


def test_a_sequence_number_that_is_no_whole_number_is_no_link() -> None:
    body = orjson.loads(LINKS[4])
    del body["hash"]
    body["chain"]["seq"] = "4"
    forged = canonical(body)[:-1] + b',"hash":"' + hash_of(body).encode() + b'"}'

    with pytest.raises(AuditBroken):
        resume(records([forged])[0], chain_id=CHAIN)


def test_a_writer_links_the_same_again_until_it_is_told_that_they_are_committed() -> None:
    writer = ChainWriter(audit_topic="consult.audit", keys_topic="consult.keys")
    writer.own(SOURCE, GENESIS)

    first = writer.write(SOURCE, [entry(0), entry(1)])
    again = writer.write(SOURCE, [entry(0), entry(1)])
    writer.committed({SOURCE: first.head}, first.keys)
    third = writer.write(SOURCE, [entry(2)])

    assert first == again
    assert [record.partition for record in first.outgoing] == [3, 3]
    assert [record.key for record in first.outgoing] == [b"consult-1", b"consult-1"]
    written = [record.value for record in (*first.outgoing, *third.outgoing)]
    assert verify(records(written), chain_id=chain_id_of(SOURCE)).records == 3


def test_a_data_key_goes_out_before_what_it_seals_and_once_committed_no_more() -> None:
    keys = ConsultationKeys(PROVIDER, clock=SystemClock())
    writer = ChainWriter(audit_topic="consult.audit", keys_topic="consult.keys", keys=keys)
    writer.own(SOURCE, GENESIS)

    aborted = writer.write(SOURCE, [entry(0)])
    first = writer.write(SOURCE, [entry(0), entry(1)])
    writer.committed({SOURCE: first.head}, first.keys)
    second = writer.write(SOURCE, [entry(2)])

    assert aborted.keys == first.keys
    assert [record.topic for record in first.outgoing] == ["consult.keys", "consult.audit", "consult.audit"]
    assert [(record.topic, record.partition) for record in second.outgoing] == [("consult.audit", 3)]
    opener = Opener(PROVIDER, first.keys)
    for record in (*first.outgoing[1:], *second.outgoing):
        body = orjson.loads(record.value)
        sealed = sealed_in(body)
        assert b"Kestrel" not in record.value
        assert sealed is not None
        assert b"Kestrel" in opener.open(sealed, bound_to=bound_to(body))


def test_what_is_sealed_opens_in_its_own_record_alone() -> None:
    keys = ConsultationKeys(PROVIDER, clock=SystemClock())
    writer = ChainWriter(audit_topic="consult.audit", keys_topic="consult.keys", keys=keys)
    writer.own(SOURCE, GENESIS)
    linked = writer.write(SOURCE, [entry(0), entry(1)])
    first, second = (orjson.loads(record.value) for record in linked.outgoing[1:])
    sealed = sealed_in(first)

    assert sealed is not None
    with pytest.raises(KeyRefused):
        Opener(PROVIDER, linked.keys).open(sealed, bound_to=bound_to(second))


def test_a_record_of_no_known_consultation_has_nothing_sealed_in_it() -> None:
    keys = ConsultationKeys(PROVIDER, clock=SystemClock())
    writer = ChainWriter(audit_topic="consult.audit", keys_topic="consult.keys", keys=keys)
    writer.own(SOURCE, GENESIS)

    linked = writer.write(SOURCE, [replace(entry(0), consult_id=None)])

    assert linked.keys == []
    assert sealed_in(orjson.loads(linked.outgoing[0].value)) is None


def test_a_sealed_part_that_cannot_be_read_is_none() -> None:
    for damaged in ({}, {"sealed": None}, {"sealed": {"key": "k", "nonce": "!", "text": 3}}):
        assert sealed_in(damaged) is None
