"""Quix Streams with its exactly-once guarantee: a streaming dataframe that asks for each row."""

import sys
from typing import Any

from quixstreams import Application

from pipeline.bench.peers.blocking_guard import BlockingGuard
from pipeline.bench.peers.job import Conversations, Job, verdict


def main(job: Job) -> None:
    app = Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        state_dir=job.home,
        loglevel="WARNING",
    )
    guard, conversations = BlockingGuard(job), Conversations()

    def moderate(chunk: dict[str, Any]) -> dict[str, Any]:
        return verdict(chunk, guard.ask(conversations.prompt(chunk)))

    chunks = app.topic(job.chunks_topic, value_deserializer="json")
    verdicts = app.topic(job.verdicts_topic, value_serializer="json")
    app.dataframe(chunks).apply(moderate).to_topic(verdicts)
    app.run()


if __name__ == "__main__":
    main(Job.from_arguments(sys.argv))
