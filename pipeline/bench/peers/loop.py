"""The loop a first user writes: consume, ask, produce, with kafka-python's defaults."""

import json
import sys

from kafka import KafkaConsumer, KafkaProducer

from pipeline.bench.peers.blocking_guard import BlockingGuard
from pipeline.bench.peers.job import Conversations, Job, verdict


def main(job: Job) -> None:
    consumer = KafkaConsumer(
        job.chunks_topic,
        bootstrap_servers=job.bootstrap,
        group_id=job.group,
        auto_offset_reset="earliest",
        value_deserializer=json.loads,
    )
    producer = KafkaProducer(bootstrap_servers=job.bootstrap, value_serializer=lambda value: json.dumps(value).encode())
    guard, conversations = BlockingGuard(job), Conversations()
    for message in consumer:
        answer = guard.ask(conversations.prompt(message.value))
        producer.send(job.verdicts_topic, key=message.key, value=verdict(message.value, answer))


if __name__ == "__main__":
    main(Job.from_arguments(sys.argv))
