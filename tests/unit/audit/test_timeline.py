"""The records of one chunk, told apart from all others, with what is wrong with them."""

import pytest

from pipeline.audit.timeline import of_chunk
from pipeline.broker.base import TopicPartition
from pipeline.domain.sealing import Sealed
from tests.audit_chains import chain
from tests.unit.audit.listed_reader import ListedReader

PLACE = TopicPartition("consult.audit", 3)


def _reader(values: list[bytes | None]) -> ListedReader:
    reader = ListedReader()
    reader.append(PLACE, values)
    return reader


def test_only_records_of_the_chunk_are_given_with_what_is_sealed_in_them() -> None:
    sealed = Sealed("dk_1", b"n" * 12, b"c" * 20)
    values = chain(12, seal=lambda _consult, _plain, _bound: sealed)

    (entry,) = of_chunk(_reader([*values]), [PLACE], "chk_1")

    assert (entry.ref.offset, entry.flaw, entry.sealed) == (1, None, sealed)
    assert entry.record is not None
    assert entry.record.chunk_id == "chk_1"
    assert b'"sealed"' not in entry.bound_to


@pytest.mark.parametrize(
    ("before", "after"), [(b'"outcome":"unsafe"', b'"outcome":"safest"'), (b'"unsafe":0.95', b'"unsafe":0.05')]
)
def test_a_record_that_was_altered_is_given_as_it_is_now_and_nothing_of_it_is_opened(
    before: bytes, after: bytes
) -> None:
    sealed = Sealed("dk_1", b"n" * 12, b"c" * 20)
    value = chain(1, seal=lambda _consult, _plain, _bound: sealed)[0]
    assert before in value

    (entry,) = of_chunk(_reader([value.replace(before, after)]), [PLACE], "chk_0")

    assert (entry.flaw, entry.sealed) == ("altered", None)
    assert entry.record is not None


def test_what_is_no_record_is_passed_over() -> None:
    values = [b'{"chunk_id":"chk_0"}', None, b"\xff", b'"chk_0"', *chain(1)]

    assert [entry.ref.offset for entry in of_chunk(_reader([*values]), [PLACE], "chk_0")] == [4]
