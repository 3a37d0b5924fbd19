"""The library writes keys and values into its debug log; none of it may get through."""

import logging
from collections.abc import Callable

import pytest

from pipeline.broker.base import OutgoingRecord, TopicPartition
from pipeline.broker.kafka.broker import KafkaBroker

MARKER = "mrs-marker-7731"


def test_a_published_text_never_reaches_a_log_whatever_the_level(
    broker: KafkaBroker, topic: Callable[[int], str], caplog: pytest.LogCaptureFixture
) -> None:
    name = topic(1)
    logging.getLogger("kafka").setLevel(logging.DEBUG)
    logging.getLogger("kafka.producer.kafka").setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    publisher, reader = broker.publisher(publisher_id="logged"), broker.reader()
    publisher.publish([OutgoingRecord(name, MARKER.encode(), MARKER.encode(), 0, (("h", MARKER.encode()),))])
    logging.getLogger("kafka.producer.kafka").setLevel(logging.DEBUG)
    logging.getLogger("kafka.protocol.parser").setLevel(logging.DEBUG)
    publisher.publish([OutgoingRecord(name, b"k", MARKER.encode(), 0)])
    reader.last(TopicPartition(name, 0), settle_seconds=10.0)
    read = list(reader.read(TopicPartition(name, 0), start=0))
    publisher.close()
    reader.close()

    assert [record.value for record in read] == [MARKER.encode()] * 2
    assert MARKER not in caplog.text
    assert [record for record in caplog.records if record.name.startswith("kafka") and record.levelno < 30] == []


def test_bytes_of_an_unreadable_response_are_not_logged(broker: KafkaBroker, caplog: pytest.LogCaptureFixture) -> None:
    broker.topics().close()
    admin = broker.topics()
    admin.describe("consultguard-none")
    admin.close()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("kafka.protocol.parser").error("Unable to decode %r", MARKER.encode())

    assert MARKER not in caplog.text
