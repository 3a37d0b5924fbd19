"""Which partition a key belongs to: the same answer Kafka's default partitioner gives, so a site can move to Kafka."""

from functools import lru_cache
from struct import unpack_from

_SEED = 0x9747B28C
_MIX = 0x5BD1E995
_MASK = 0xFFFFFFFF
_TAILS = ((), (0,), (1, 0), (2, 1, 0))


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, with the seed of `org.apache.kafka.common.utils.Utils.murmur2`."""
    length = len(data)
    words = length // 4
    state = _SEED ^ length
    for word in unpack_from(f"<{words}I", data):
        mixed = (word * _MIX) & _MASK
        mixed ^= mixed >> 24
        state = ((state * _MIX) & _MASK) ^ ((mixed * _MIX) & _MASK)
    tail = _TAILS[length % 4]
    for index in tail:
        state ^= data[words * 4 + index] << (8 * index)
    if tail:
        state = (state * _MIX) & _MASK
    state ^= state >> 13
    state = (state * _MIX) & _MASK
    return state ^ (state >> 15)


@lru_cache(maxsize=8192)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` among `partitions`; the sign bit is dropped as Kafka's `toPositive` does."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
