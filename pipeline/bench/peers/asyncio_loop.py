"""The same loop with asyncio: aiokafka's defaults, and so many questions at a time under a semaphore."""

import asyncio
import json
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from pipeline.bench.peers.async_guard import AsyncGuard
from pipeline.bench.peers.job import Conversations, Job, verdict


async def main(job: Job) -> None:
    consumer = AIOKafkaConsumer(
        job.chunks_topic, bootstrap_servers=job.bootstrap, group_id=job.group, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=job.bootstrap)
    room, conversations = asyncio.Semaphore(job.in_flight), Conversations()
    async with consumer, producer, AsyncGuard(job) as guard, asyncio.TaskGroup() as tasks:

        async def moderate(key: bytes, chunk: dict[str, Any], prompt: str) -> None:
            try:
                found = verdict(chunk, await guard.ask(prompt))
                await producer.send_and_wait(job.verdicts_topic, json.dumps(found).encode(), key=key)
            finally:
                room.release()

        async for message in consumer:
            await room.acquire()
            chunk = json.loads(message.value)
            tasks.create_task(moderate(message.key, chunk, conversations.prompt(chunk)))


if __name__ == "__main__":
    asyncio.run(main(Job.from_arguments(sys.argv)))
