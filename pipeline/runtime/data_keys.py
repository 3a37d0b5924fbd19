"""The data keys that the topic of keys still holds. Of each the last record counts; one without a value destroys it."""

from collections.abc import Iterable

from pipeline.broker.base import Reader, TopicPartition
from pipeline.broker.key_codec import decode_key
from pipeline.domain.sealing import WrappedKey


def live_keys(reader: Reader, partition: TopicPartition, *, start: int | None = None) -> dict[bytes, WrappedKey]:
    """By the key of their record, from offset `start` on. Unreadable records are passed over. Holds all keys of one
    partition in memory.

    A broker that compacts still gives what was destroyed until it does, so that a reader has to look at both.
    """
    found: dict[bytes, WrappedKey] = {}
    for record in reader.read(partition, start=reader.begin_offset(partition) if start is None else start):
        if record.key is None:
            continue
        key = None if record.value is None else decode_key(record.value)
        if key is not None:
            found[record.key] = key
        elif record.value is None:
            found.pop(record.key, None)
    return found


def record_keys_of(
    reader: Reader,
    partitions: Iterable[TopicPartition],
    consult_id: str,
    *,
    since: dict[int, int] | None = None,
    destroyed_too: bool = False,
) -> dict[int, set[bytes]]:
    """The record keys of a consultation that are not destroyed, by partition, readable or not; `since` by partition
    leaves out what lies before. With `destroyed_too`, also those that were and that the broker's files still hold.
    Constant memory."""
    wanted = consult_id.encode()
    found: dict[int, set[bytes]] = {}
    for partition in partitions:
        start = reader.begin_offset(partition) if since is None else since[partition.partition]
        for record in reader.read(partition, start=start):
            # An id of a consultation may hold a slash, one of a data key does not.
            if record.key is None or record.key.rpartition(b"/")[0] != wanted:
                continue
            of_partition = found.setdefault(partition.partition, set())
            if record.value is not None:
                of_partition.add(record.key)
            elif not destroyed_too:
                of_partition.discard(record.key)
    return {number: keys for number, keys in found.items() if keys}
