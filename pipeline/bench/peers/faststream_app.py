"""FastStream with an async client: a subscriber with so many workers, which FastStream acknowledges when it takes a
message, and, in the stricter form, a worker a partition that acknowledges when it is done."""

import asyncio
import logging
import sys
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from pipeline.bench.peers.async_guard import AsyncGuard
from pipeline.bench.peers.job import Conversations, Job, verdict


async def main(job: Job, *, acknowledge_when_done: bool) -> None:
    # Its own level of logging: a line a message would be part of what is measured.
    broker = KafkaBroker(job.bootstrap, log_level=logging.DEBUG)
    conversations = Conversations()
    async with AsyncGuard(job) as guard:

        async def moderate(chunk: dict[str, Any], message: KafkaMessage) -> None:
            answer = await guard.ask(conversations.prompt(chunk))
            await broker.publish(verdict(chunk, answer), topic=job.verdicts_topic, key=message.raw_message.key)

        options: dict[str, Any] = {"max_workers": job.in_flight}
        if acknowledge_when_done:
            # Each of these workers is a consumer of its own, and more of them than partitions would stand idle.
            options = {"max_workers": job.partitions, "ack_policy": AckPolicy.ACK}
        broker.subscriber(
            job.chunks_topic,
            group_id=job.group,
            auto_offset_reset="earliest",
            **options,
        )(moderate)
        await FastStream(broker).run()


if __name__ == "__main__":
    asyncio.run(main(Job.from_arguments(sys.argv), acknowledge_when_done="--ack" in sys.argv))
