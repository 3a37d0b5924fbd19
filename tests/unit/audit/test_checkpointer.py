"""What is signed is what every chain was when it was read, from the first record on, and nothing unsound is signed."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pipeline.audit.chain import link
from pipeline.audit.checkpoint import ChainState, Checkpoint, read
from pipeline.audit.checkpoint_series import follow
from pipeline.audit.checkpointer import Checkpointer
from pipeline.audit.merkle import Frontier
from pipeline.broker.base import OutgoingRecord, Reader, TopicPartition, TopicSpec
from pipeline.broker.local.broker import LocalBroker
from pipeline.domain.audit import GENESIS, ChainHead
from pipeline.errors import AuditBroken, CheckpointForged
from pipeline.testing.fake_clock import FakeClock
from tests.audit_chains import chain, entry
from tests.unit.audit.checkpoints import KEY, ORIGIN, OTHER_KEY, checkpoint
from tests.unit.audit.listed_reader import ListedReader

TOPIC = "consult.audit"
P0, P1, EVENTS = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1), TopicPartition("consult.audit.events", 0)
A, B, E = "consult.chunks/0", "consult.chunks/1", "events/0"
LINKS = {chain_id: chain(30, chain_id=chain_id) for chain_id in (A, B, E)}


def _following(reader: Reader, *, value: bytes | None = None, clock: FakeClock | None = None) -> Checkpointer:
    found = Checkpointer(
        reader, audit_topic=TOPIC, partitions=2, origin=ORIGIN, key=KEY, clock=clock or FakeClock(), also=[EVENTS]
    )
    if value is not None:
        found.resume(value)
    return found


def _signed(checkpointer: Checkpointer) -> Checkpoint:
    return read(checkpointer.checkpoint(), public_key=KEY.public_key(), origin=ORIGIN)


def _state(values: Sequence[bytes]) -> ChainState:
    """Of whole chains, from their records alone."""
    tree = Frontier()
    body = {"chain": {"id": ""}, "hash": GENESIS.hash}
    for value in values:
        body = orjson.loads(value)
        tree.add(bytes.fromhex(str(body["hash"])))
    return ChainState.of(str(body["chain"]["id"]), head=str(body["hash"]), tree=tree)


def _reader(sizes: dict[str, int], *, gap: int = 0) -> ListedReader:
    reader = ListedReader(gap=gap)
    for partition, chain_id in ((P0, A), (P1, B), (EVENTS, E)):
        reader.append(partition, LINKS[chain_id][: sizes.get(chain_id, 0)])
    return reader


def test_a_checkpoint_covers_every_chain_as_far_as_it_was_read() -> None:
    checkpointer = _following(_reader({A: 5, B: 2, E: 1}))

    assert checkpointer.advance() == 8
    found = _signed(checkpointer)
    assert found.chains == (_state(LINKS[A][:5]), _state(LINKS[B][:2]), _state(LINKS[E][:1]))
    assert (found.seq, found.prev, found.origin) == (0, "0" * 64, ORIGIN)


def test_only_new_records_are_read_the_next_time() -> None:
    reader = _reader({A: 5})
    checkpointer = _following(reader)
    checkpointer.advance()
    before = reader.read_count
    reader.append(P0, LINKS[A][5:9])

    assert (checkpointer.advance(), reader.read_count - before) == (4, 4)
    assert checkpointer.advance() == 0
    assert _signed(checkpointer).chains == (_state(LINKS[A][:9]),)


def test_a_quiet_time_gives_a_checkpoint_too() -> None:
    checkpointer = _following(ListedReader())

    assert checkpointer.advance() == 0
    assert _signed(checkpointer).chains == ()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), max_size=5), st.integers(0, 3))
def test_a_run_with_restarts_makes_one_sound_series(steps: list[tuple[int, int, bool]], gap: int) -> None:
    reader, values, at = ListedReader(gap=gap), list[bytes](), {A: 0, B: 0}
    checkpointer = _following(reader)
    for more_a, more_b, restart in steps:
        for partition, chain_id, more in ((P0, A, more_a), (P1, B, more_b)):
            reader.append(partition, LINKS[chain_id][at[chain_id] : at[chain_id] + more])
            at[chain_id] += more
        if restart:
            checkpointer = _following(reader, value=values[-1] if values else None)
        checkpointer.advance()
        values.append(checkpointer.checkpoint())
        checkpointer.written(values[-1])

    found = follow(values, public_key=KEY.public_key(), origin=ORIGIN)

    assert (found.flaw, found.count) == (None, len(steps))
    if found.last is not None:
        covered = {state.id: state for state in found.last.chains}
        assert covered == {chain_id: _state(LINKS[chain_id][:size]) for chain_id, size in at.items() if size}


def test_a_checkpoint_that_was_not_written_takes_no_number() -> None:
    checkpointer = _following(_reader({A: 1}))
    checkpointer.advance()

    first = checkpointer.checkpoint()
    assert _signed(checkpointer).seq == 0
    checkpointer.written(first)
    assert _signed(checkpointer).seq == 1


def test_what_is_written_must_be_the_next() -> None:
    checkpointer = _following(ListedReader())
    checkpointer.written(checkpointer.checkpoint())

    with pytest.raises(ValueError, match="comes next"):
        checkpointer.written(checkpoint(1, {}, prev="ab" * 32))
    with pytest.raises(CheckpointForged):
        checkpointer.written(checkpoint(1, {}, key=OTHER_KEY))


def test_it_goes_on_from_a_checkpoint_without_reading_the_chain_again() -> None:
    reader = _reader({A: 30}, gap=2)
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.read_count = 0

    again = _following(reader, value=value)

    assert again.advance() == 0
    assert reader.read_count < 12  # thirty records, and a search by halving
    assert _signed(again).chains == (_state(LINKS[A]),)


@pytest.mark.parametrize("cut", [1, 4, 9, 10])
@pytest.mark.parametrize("gap", [0, 1])
def test_retention_may_cut_what_a_checkpoint_covers(cut: int, gap: int) -> None:
    reader = _reader({A: 10}, gap=gap)
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.cut(P0, cut)
    reader.append(P0, LINKS[A][10:12])

    again = _following(reader, value=value)

    assert again.advance() == 2
    assert _signed(again).chains == (_state(LINKS[A][:12]),)


def test_a_chain_that_retention_cut_whole_is_kept_and_goes_on() -> None:
    reader = _reader({A: 10, B: 1})
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.cut(P0, 10)

    again = _following(reader, value=value)

    assert again.advance() == 0
    assert _state(LINKS[A][:10]) in _signed(again).chains
    reader.append(P0, LINKS[A][10:11])
    assert again.advance() == 1
    assert _state(LINKS[A][:11]) in _signed(again).chains


def test_without_a_checkpoint_a_cut_beginning_is_a_fault_that_names_the_mend() -> None:
    reader = _reader({A: 10})
    reader.cut(P0, 4)

    with pytest.raises(AuditBroken, match=r"offset 4 .*number 4.*from 0 on.*resume from the last checkpoint"):
        _following(reader).advance()


def test_records_cut_before_any_checkpoint_covered_them_are_a_fault() -> None:
    reader = _reader({A: 3})
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.append(P0, LINKS[A][3:10])
    reader.cut(P0, 5)

    with pytest.raises(AuditBroken, match=r"number 5.*from 3 on"):
        _following(reader, value=value).advance()


ALTERED = LINKS[A][3].replace(b'"outcome":"unsafe"', b'"outcome":"safe"')
OTHER_HISTORY = link(entry(99), chain_id=A, head=ChainHead(2, "ab" * 32))[0]


@pytest.mark.parametrize(
    ("values", "offset", "words"),
    [
        ([*LINKS[A][:3], ALTERED], 3, "altered"),
        ([*LINKS[A][:3], b"{}"], 3, "unreadable"),
        ([*LINKS[A][:3], None], 3, "unreadable"),
        ([*LINKS[A][:3], LINKS[A][4]], 3, "number 4, next is 3"),
        ([*LINKS[A][:3], LINKS[A][2]], 3, "number 2, next is 3"),
        ([*LINKS[A][:3], OTHER_HISTORY], 3, "not linked"),
        ([*LINKS[A][:3], LINKS[B][3]], 3, "of another chain"),
        ([LINKS[B][0]], 0, "belongs on another partition"),
    ],
)
def test_a_record_that_is_no_sound_link_is_named_and_not_signed(
    values: list[bytes | None], offset: int, words: str
) -> None:
    reader = ListedReader()
    reader.append(P0, values)
    checkpointer = _following(reader)

    for _ in range(2):
        with pytest.raises(AuditBroken, match=f"offset {offset} of consult.audit/0 .*{words}"):
            checkpointer.advance()
    assert [state.size for state in _signed(checkpointer).chains] == ([] if offset == 0 else [3])


def test_a_chain_is_not_followed_on_two_partitions_of_the_same_number() -> None:
    reader = ListedReader()
    reader.append(P0, LINKS[A][:2])
    reader.append(EVENTS, LINKS[A][:2])

    with pytest.raises(AuditBroken, match=r"consult\.audit\.events/0 .*on another partition"):
        _following(reader).advance()


def _rewritten(length: int) -> list[bytes]:
    """Another chain of the same name, sound in itself."""
    head, values = GENESIS, []
    for number in range(length):
        value, head = link(entry(number + 1000), chain_id=A, head=head)
        values.append(value)
    return values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "rolled back"),
        (LINKS[A][:5], "ends before record 9.*rolled back"),
        (LINKS[A][:9], "ends before record 9.*rolled back"),
        (_rewritten(10), "offset 9 .*rewritten"),
        (_rewritten(12), "offset 9 .*rewritten"),
    ],
)
def test_a_chain_that_is_not_what_the_checkpoint_covers_is_not_signed(values: list[bytes], words: str) -> None:
    reader = _reader({A: 10, B: 2})
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.replace(P0, values)

    with pytest.raises(AuditBroken, match=words):
        _following(reader, value=value).advance()


def test_another_chain_behind_a_beginning_that_was_cut_is_not_signed() -> None:
    reader = _reader({A: 10})
    checkpointer = _following(reader)
    checkpointer.advance()
    value = checkpointer.checkpoint()
    reader.replace(P0, _rewritten(12))
    reader.cut(P0, 10)

    with pytest.raises(AuditBroken, match="not linked"):
        _following(reader, value=value).advance()


def test_it_resumes_only_from_a_checkpoint_of_this_deployment_and_key() -> None:
    checkpointer = _following(ListedReader())

    for value in (b"{}", checkpoint(0, {}, origin="elsewhere"), checkpoint(0, {}, key=OTHER_KEY)):
        with pytest.raises(CheckpointForged):
            checkpointer.resume(value)


def test_it_resumes_from_a_checkpoint_of_the_key_before_where_it_is_told_to() -> None:
    reader = _reader({A: 2})
    before = Checkpointer(reader, audit_topic=TOPIC, partitions=2, origin=ORIGIN, key=OTHER_KEY, clock=FakeClock())
    before.advance()
    old = before.checkpoint()
    checkpointer = _following(reader)
    checkpointer.resume(old, public_key=OTHER_KEY.public_key())
    checkpointer.advance()

    series = [old, checkpointer.checkpoint()]

    found = follow(series, public_key=KEY.public_key(), earlier_keys=[OTHER_KEY.public_key()], origin=ORIGIN)
    assert (found.flaw, found.count) == (None, 2)


def test_a_clock_that_goes_backwards_is_logged_and_the_series_stays_sound() -> None:
    ahead, behind = FakeClock(), FakeClock(now_ms=FakeClock().now_ms() - 5000)
    first = _following(ListedReader(), clock=ahead).checkpoint()
    checkpointer = _following(ListedReader(), value=first, clock=behind)

    with capture_logs() as logs:
        second = checkpointer.checkpoint()

    assert [(entry["event"], entry["behind_ms"]) for entry in logs] == [("checkpoint_clock_behind", 5000)]
    assert follow([first, second], public_key=KEY.public_key(), origin=ORIGIN).verified


def test_it_follows_the_embedded_log(tmp_path: Path) -> None:
    broker = LocalBroker(tmp_path, clock=FakeClock())
    with closing(broker.topics()) as admin:
        admin.create(TopicSpec(TOPIC, 2))
        admin.create(TopicSpec(EVENTS.topic, 1))
    with closing(broker.publisher(publisher_id="test")) as publisher, closing(broker.reader()) as reader:
        checkpointer = _following(reader)
        publisher.publish([OutgoingRecord(TOPIC, None, value, 0) for value in LINKS[A][:20]])
        assert checkpointer.advance() == 20
        value = checkpointer.checkpoint()
        publisher.publish([OutgoingRecord(TOPIC, None, found, 0) for found in LINKS[A][20:]])
        again = _following(reader, value=value)

        assert again.advance() == 10
        assert _signed(again).chains == (_state(LINKS[A]),)
