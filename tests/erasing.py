"""A broker whose erasing a test replaces; all else is the broker's own."""

from collections.abc import Callable, Collection, Mapping

from pipeline.broker.base import Broker, Erasure, Publisher, Reader, Stream, TopicAdmin, TopicSpec

EraseCall = Callable[[TopicAdmin, str, Mapping[int, Collection[bytes]]], Erasure]


class AdminOf:
    """A broker's own admin, whose erasing a test replaces."""

    def __init__(self, inner: TopicAdmin, erase: EraseCall) -> None:
        self._inner = inner
        self._erase = erase

    def brokers(self) -> int:
        return self._inner.brokers()

    def describe(self, name: str) -> TopicSpec | None:
        return self._inner.describe(name)

    def create(self, spec: TopicSpec) -> None:
        self._inner.create(spec)

    def erase(self, topic: str, keys: Mapping[int, Collection[bytes]]) -> Erasure:
        return self._erase(self._inner, topic, keys)

    def close(self) -> None:
        self._inner.close()


class BrokerOf:
    """A broker with an admin of `AdminOf`."""

    def __init__(self, inner: Broker, erase: EraseCall) -> None:
        self._inner = inner
        self._erase = erase

    @property
    def name(self) -> str:
        return self._inner.name

    def stream(self, *, topic: str, group: str, instance_id: str) -> Stream:
        return self._inner.stream(topic=topic, group=group, instance_id=instance_id)

    def reader(self) -> Reader:
        return self._inner.reader()

    def publisher(self, *, publisher_id: str) -> Publisher:
        return self._inner.publisher(publisher_id=publisher_id)

    def topics(self) -> TopicAdmin:
        return AdminOf(self._inner.topics(), self._erase)

    def partitions(self, topic: str) -> int:
        return self._inner.partitions(topic)


def keeps_everything(_admin: TopicAdmin, _topic: str, _keys: Mapping[int, Collection[bytes]]) -> Erasure:
    """As Kafka does with everything but keys, and with those for an hour."""
    return Erasure.WITH_RETENTION
