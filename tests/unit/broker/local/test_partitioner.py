import warnings

from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.local.partitioner import murmur2, partition_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # how the client reads its own schemas, on Python 3.11
    from kafka.partitioner.default import murmur2 as kafka_murmur2


@given(st.binary(max_size=70))
def test_the_hash_is_the_one_of_the_kafka_client(key: bytes) -> None:
    assert murmur2(key) == kafka_murmur2(key)


@given(st.binary(max_size=40), st.integers(1, 64))
def test_the_partition_is_the_one_of_the_kafka_client(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == (kafka_murmur2(key) & 0x7FFFFFFF) % partitions
