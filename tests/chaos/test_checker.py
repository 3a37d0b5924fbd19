"""The checker sees what is missing, and what should not be where it is."""

from contextlib import closing
from pathlib import Path

from pipeline.broker.base import OutgoingRecord
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import TopicNames, ensure, required_topics
from pipeline.clock import SystemClock
from pipeline.testing.builders import chunk_record
from tests.chaos.checker import check, sound
from tests.chaos.talk import SAYINGS, consultations, found_in


def test_chunks_that_nobody_judged_and_records_that_nobody_answered_are_lost(tmp_path: Path) -> None:
    names, clock = TopicNames("chaos"), SystemClock()
    broker = LocalBroker(tmp_path / "broker", clock=clock)
    with closing(broker.topics()) as admin:
        ensure(admin, required_topics(names, partitions=2, replication=1, min_insync=1), clock=clock)
    chunks = list(consultations(5))
    with closing(broker.publisher(publisher_id="test")) as publisher:
        publisher.publish([chunk_record(chunk, topic=names.chunks) for chunk in chunks])
        publisher.publish([OutgoingRecord(names.chunks, b"visit-1", b"\xff")])
        publisher.publish([OutgoingRecord(names.dead_letter, b"visit-1", b"\xff", 0, _cites(names.chunks, 77))])
    sent = {chunk.chunk_id for chunk in chunks} | {"never arrived"}
    environment = {
        "CONSULTGUARD_DATA_DIR": str(tmp_path),
        "CONSULTGUARD_TOPICS_PREFIX": "chaos",
        "CONSULTGUARD_TOPICS_PARTITIONS": "2",
    }
    counts = check(broker, names, partitions=2, sent=sent, environment=environment, logs=())
    assert counts["audit_verify"] == {"exit_code": 0, "verified": True, "records": 0, "flaws": [], "notes": []}
    assert counts["lost"] == 5 + 1 + 1
    assert (counts["dead_letters_lost"], counts["dead_letters_of_nothing"]) == (1, 1)
    assert not sound(counts)


def _cites(topic: str, offset: int) -> tuple[tuple[str, bytes], ...]:
    cited = {"topic": topic, "partition": "0", "offset": str(offset)}
    return tuple((f"consult.source.{part}", value.encode()) for part, value in cited.items())


def test_any_four_words_of_what_was_said_are_found_in_a_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text(
        "\n".join(
            [
                '{"event": "worker_started", "partitions": [1, 2]}',
                f'{{"event": "oops", "text": "{SAYINGS[1]}"}}',
                "cannot read 'lavender  TABLET with porridge' from the topic",
                "somebody said lavender tablet, which is too little to tell",
                "speaker=Ottoline_1 Ottoline Quillfeather",
            ]
        )
    )
    assert found_in([log]) == [f"{log}:2", f"{log}:3", f"{log}:5"]
