"""Checkpoints from where they are kept: the topic, which the deployment writes, and an anchor, which it cannot rewrite.

Each series must be sound in itself, and the one must not contradict the other. The newest that the anchor holds is
what the chains are held against; without an anchor, the newest of the topic, which whoever holds the signing key could
have written anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.audit.checkpoint import Checkpoint, Flaw, hash_of_checkpoint
from pipeline.audit.checkpoint_series import Series, follow


@dataclass(frozen=True, slots=True)
class CheckpointFlaw:
    """`where` is `anchor` or `topic`; `seq` the checkpoint's number where it shows."""

    where: str
    flaw: Flaw
    seq: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """The newest checkpoint that can be trusted, and whatever is wrong with the series. `aged` is the newest of those
    issued by the time that was asked about, from the same place."""

    checkpoint: Checkpoint | None
    count: int
    flaws: tuple[CheckpointFlaw, ...]
    aged: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    series: Series
    hashes: dict[int, str]


def trusted(
    *,
    topic: Iterable[bytes],
    anchor: Iterable[bytes] | None,
    public_key: Ed25519PublicKey,
    origin: str,
    topic_begins: int = 0,
    aged_ms: int | None = None,
    earlier_keys: Sequence[Ed25519PublicKey] = (),
) -> Trusted:
    """Check both series. `anchor` is None where none can be read. `topic_begins` is the number of the first checkpoint
    that retention has left on the topic; `aged_ms` the time that `Trusted.aged` was issued by; `earlier_keys` those
    that signed before `public_key`, the oldest first."""
    check = _checker((*earlier_keys, public_key), origin, aged_ms)
    anchored = None if anchor is None else check(anchor, None, 0)
    last = None if anchored is None else anchored.series.last
    written = check(topic, None if last is None else last.seq, topic_begins)
    flaws = list(_unsound("topic", written.series))
    if anchored is not None:
        flaws += _unsound("anchor", anchored.series)
        flaws += _contradiction(anchored, written)
    newest = written if anchored is None else anchored
    return Trusted(newest.series.last, newest.series.count, tuple(flaws), newest.series.aged)


def seq_of(value: bytes | None) -> int:
    """The number that a checkpoint gives itself, unchecked; 0 where it gives none."""
    try:
        seq = orjson.loads(value or b"")["seq"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return 0
    return seq if type(seq) is int and seq > 0 else 0


def _checker(
    keys: Sequence[Ed25519PublicKey], origin: str, aged_ms: int | None
) -> Callable[[Iterable[bytes], int | None, int], _Read]:
    def check(values: Iterable[bytes], wanted: int | None, begins: int) -> _Read:
        """`wanted`: the number to keep the hash of; the last one's is always kept."""
        hashes: dict[int, str] = {}

        def noted() -> Iterator[bytes]:
            for place, value in enumerate(values, begins):
                digest = hash_of_checkpoint(value)
                hashes[-1] = digest
                if place == wanted:
                    hashes[place] = digest
                yield value

        *earlier, newest = keys
        series = follow(
            noted(), public_key=newest, earlier_keys=earlier, origin=origin, first_seq=begins, aged_ms=aged_ms
        )
        if series.last is not None and series.verified:
            hashes[series.last.seq] = hashes[-1]
        return _Read(series, hashes)

    return check


def _unsound(where: str, series: Series) -> Iterator[CheckpointFlaw]:
    if series.flaw is not None:
        chain = "" if series.chain_id is None else f" (chain {series.chain_id})"
        words = series.detail or f"checkpoint {series.seq} of the {where} is {series.flaw}{chain}"
        yield CheckpointFlaw(where, series.flaw, series.seq, words)


def _contradiction(anchored: _Read, written: _Read) -> Iterator[CheckpointFlaw]:
    last = anchored.series.last
    if last is None or not (anchored.series.verified and written.series.verified):
        return
    newest = -1 if written.series.last is None else written.series.last.seq
    if newest < last.seq:
        words = f"the topic ends with checkpoint {newest}, the anchor holds {last.seq}: an older state was put back"
        yield CheckpointFlaw("topic", Flaw.ROLLED_BACK, newest + 1, words)
    elif written.hashes.get(last.seq) != anchored.hashes.get(last.seq):
        words = f"checkpoint {last.seq} of the topic is another than the anchor holds"
        yield CheckpointFlaw("topic", Flaw.FORKED, last.seq, words)
