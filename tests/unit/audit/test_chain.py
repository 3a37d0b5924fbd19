"""How links are made, read and continued."""

import orjson
import pytest

from pipeline.audit.canonical import canonical, hash_of
from pipeline.audit.chain import chain_id_of, link, resume
from pipeline.audit.verify import verify
from pipeline.audit.writer import ChainWriter
from pipeline.domain.audit import GENESIS
from pipeline.errors import AuditBroken
from tests.audit_chains import CHAIN, SOURCE, chain, entry, records

LINKS = chain(5)


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
    writer = ChainWriter(audit_topic="consult.audit")
    writer.own(SOURCE, GENESIS)

    first, head = writer.write(SOURCE, [entry(0), entry(1)])
    again, _ = writer.write(SOURCE, [entry(0), entry(1)])
    writer.committed({SOURCE: head})
    third, _ = writer.write(SOURCE, [entry(2)])

    assert first == again
    assert [record.partition for record in first] == [3, 3]
    assert [record.key for record in first] == [b"consult-1", b"consult-1"]
    assert verify(records([record.value for record in (*first, *third)]), chain_id=chain_id_of(SOURCE)).records == 3
