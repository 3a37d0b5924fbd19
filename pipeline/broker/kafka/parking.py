"""Repairs how kafka-python 3.0.12 gives back the records of a partition that was paused and resumed.

Records fetched for a paused partition are parked, and nothing more is fetched for it until they are given back. They
are given back only while the fetcher's in-line slot is None; but a slot whose records are all delivered keeps an empty
object. If no other partition brings new records, the resumed one then stalls for ever.
"""

from kafka import KafkaConsumer


def free_inline_slot(consumer: KafkaConsumer) -> None:
    """Call before each poll, on the polling thread."""
    fetcher = consumer._fetcher
    in_line = fetcher._next_partition_records
    if in_line is not None and not in_line:
        fetcher._next_partition_records = None
