"""What the topic of keys still holds, also before a broker that compacts has done so."""

from collections.abc import Iterator, Sequence

from pipeline.broker.base import Record, RecordRef, TopicPartition
from pipeline.broker.key_codec import encode_key, key_record_key
from pipeline.domain.sealing import WrappedKey
from pipeline.runtime.data_keys import live_keys, record_keys_of
from tests.unit.audit.listed_reader import ListedReader

PLACE = TopicPartition("consult.keys", 0)


class KeyedReader(ListedReader):
    """A partition of records with keys."""

    def __init__(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        super().__init__()
        self.append(PLACE, [value for _, value in records])
        self._keys = [key for key, _ in records]

    def read(self, partition: TopicPartition, *, start: int, stop: int | None = None) -> Iterator[Record]:
        for record in super().read(partition, start=start, stop=stop):
            offset = record.ref.offset
            yield Record(RecordRef(*partition, offset), self._keys[offset], record.value, (), 0)


def _written(consult_id: str, key_id: str, *, provider_key_id: str = "kek_1") -> tuple[bytes, bytes]:
    key = WrappedKey(consult_id, key_id, provider_key_id, b"wrapped", 5)
    return key_record_key(consult_id, key_id), encode_key(key)


def test_of_each_key_the_last_record_counts_and_one_without_a_value_destroys_it() -> None:
    reader = KeyedReader(
        [
            _written("a", "dk_1"),
            _written("a", "dk_2"),
            _written("b", "dk_3"),
            _written("a", "dk_1", provider_key_id="kek_2"),
            (b"a/dk_2", None),
            (b"b/dk_3", b"unreadable"),
            (None, b"no key"),
        ]
    )

    found = live_keys(reader, PLACE)

    assert {name: key.provider_key_id for name, key in found.items()} == {b"a/dk_1": "kek_2", b"b/dk_3": "kek_1"}
    assert list(live_keys(reader, PLACE, start=3)) == [b"a/dk_1"]


def test_a_key_that_came_again_after_it_was_destroyed_is_there() -> None:
    reader = KeyedReader([_written("a", "dk_1"), (b"a/dk_1", None), _written("a", "dk_1")])

    assert list(live_keys(reader, PLACE)) == [b"a/dk_1"]


def test_the_keys_of_a_consultation_are_those_not_destroyed_whatever_slashes_its_id_holds() -> None:
    reader = KeyedReader(
        [
            _written("a", "dk_1"),
            _written("a", "dk_2"),
            _written("a/b", "dk_3"),
            (b"a/dk_4", b"unreadable"),
            (b"a/dk_1", None),
        ]
    )

    assert record_keys_of(reader, [PLACE], "a") == {0: {b"a/dk_2", b"a/dk_4"}}
    assert record_keys_of(reader, [PLACE], "a/b") == {0: {b"a/b/dk_3"}}
    assert record_keys_of(reader, [PLACE], "a", since={0: 2}) == {0: {b"a/dk_4"}}
    assert record_keys_of(reader, [PLACE], "b") == {}
