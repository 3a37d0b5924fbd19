"""The whole trail is followed: every chain, held against the newest checkpoint that can be trusted."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.audit.checkpoint import ChainState, Checkpoint
from pipeline.audit.merkle import Frontier
from pipeline.audit.trail import Period, TrailReport, chains_of, verify_trail
from pipeline.audit.verify import FlawKind
from pipeline.broker.base import Broker, OutgoingRecord, Reader
from pipeline.broker.local.broker import LocalBroker
from pipeline.broker.topics import SIX_YEARS_MS, TopicNames, ensure, required_topics
from pipeline.testing.fake_clock import FakeClock
from tests.audit_chains import chain

NAMES = TopicNames()
CHAINS = chains_of(NAMES, partitions=2)
FIRST, SECOND = "consult.chunks/0", "consult.chunks/1"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def broker(tmp_path: Path, clock: FakeClock) -> Broker:
    broker = LocalBroker(tmp_path / "log", clock=clock)
    admin = broker.topics()
    ensure(admin, required_topics(NAMES, partitions=2, replication=1, min_insync=1), clock=clock)
    admin.close()
    return broker


def _write(broker: Broker, chains: Mapping[str, list[bytes]]) -> None:
    publisher = broker.publisher(publisher_id="test")
    for chain_id, values in chains.items():
        place = CHAINS[chain_id]
        publisher.publish([OutgoingRecord(place.topic, b"consult-1", value, place.partition) for value in values])
    publisher.close()


def _verified(
    broker: Broker,
    clock: FakeClock,
    *,
    checkpoint: Checkpoint | None = None,
    retention_ms: int = SIX_YEARS_MS,
    period: Period = Period(),  # noqa: B008
) -> TrailReport:
    reader: Reader = broker.reader()
    report = verify_trail(
        reader, CHAINS, checkpoint=checkpoint, retention_ms=retention_ms, now_ms=clock.now_ms(), period=period
    )
    reader.close()
    return report


def _checkpoint(**sizes: int) -> Checkpoint:
    states = []
    for name, size in sizes.items():
        chain_id = name.replace("_", "/").replace("chunks", "consult.chunks")
        states.append(ChainState(chain_id, size, _hash(chain(size, chain_id=chain_id)[-1]), "", ()))
    return Checkpoint("site", 7, "0" * 64, 0, tuple(states), "key")


def _hash(value: bytes) -> str:
    return value[-66:-2].decode()


def test_every_chain_is_followed_to_its_end(broker: Broker, clock: FakeClock) -> None:
    _write(broker, {FIRST: chain(4, chain_id=FIRST), SECOND: chain(2, chain_id=SECOND)})

    report = _verified(broker, clock, checkpoint=_checkpoint(chunks_0=3, chunks_1=2))

    assert report.verified
    assert {name: found.records for name, found in report.chains.items()} == {FIRST: 4, SECOND: 2, "events/0": 0}
    assert report.checkpoint_seq == 7


def test_the_flaws_of_several_chains_are_all_named(broker: Broker, clock: FakeClock) -> None:
    first, second = chain(4, chain_id=FIRST), chain(3, chain_id=SECOND)
    _write(broker, {FIRST: [first[0], first[2], first[3]], SECOND: [second[0], second[1].replace(b"unsafe", b"safe")]})

    report = _verified(broker, clock)

    assert [(flaw.chain_id, flaw.kind, flaw.seq) for flaw in report.flaws] == [
        (FIRST, FlawKind.MISSING, 1),
        (SECOND, FlawKind.ALTERED, 1),
    ]


def test_a_chain_that_a_checkpoint_signed_and_that_is_gone_is_named(broker: Broker, clock: FakeClock) -> None:
    gone = _checkpoint(chunks_0=1, chunks_5=2)
    _write(broker, {FIRST: chain(1, chain_id=FIRST)})

    (flaw,) = _verified(broker, clock, checkpoint=gone).flaws

    assert (flaw.chain_id, flaw.kind) == ("consult.chunks/5", FlawKind.TAIL_CUT)


def test_a_beginning_that_retention_may_have_cut_is_a_note_and_a_younger_one_a_flaw(
    broker: Broker, clock: FakeClock
) -> None:
    _write(broker, {FIRST: chain(5, chain_id=FIRST)[2:]})
    day_ms = 86_400_000

    assert [flaw.kind for flaw in _verified(broker, clock).flaws] == [FlawKind.MISSING]  # no offset is gone

    clock.sleep(4 * day_ms / 1000)
    report = _verified(broker, clock, retention_ms=2 * day_ms)
    assert report.verified
    assert "record 2" in report.notes[0]


def test_a_period_is_followed_from_wherever_it_begins(broker: Broker, clock: FakeClock) -> None:
    values = chain(6, chain_id=FIRST)
    for at in range(6):
        _write(broker, {FIRST: values[at : at + 1]})
        clock.sleep(10)
    begin_ms = clock.now_ms() - 45_000

    report = _verified(broker, clock, period=Period(begin_ms, begin_ms + 20_000))

    assert report.verified
    assert (report.chains[FIRST].began, report.chains[FIRST].records) == (2, 2)


def test_a_tree_of_nothing_is_no_chain_that_could_be_missing(broker: Broker, clock: FakeClock) -> None:
    empty = ChainState.of("consult.chunks/9", head="0" * 64, tree=Frontier())

    assert _verified(broker, clock, checkpoint=Checkpoint("site", 0, "0" * 64, 0, (empty,), "key")).verified
