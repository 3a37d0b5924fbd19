"""What can be done to signed checkpoints and to the state of all topics, and what has to be said of each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.audit.canonical import canonical
from pipeline.audit.checkpoint import ChainState, Checkpoint, Flaw, hash_of_checkpoint, read, sign
from pipeline.audit.merkle import Frontier
from pipeline.audit.signing_key import fingerprint, load_private_key
from pipeline.audit.verify import FlawKind
from pipeline.broker.base import TopicPartition
from tests.kafka.tampering import Expected, Place, Tampering, Trail, relinked

_STRANGER = Ed25519PrivateKey.from_private_bytes(sha256(b"a key that is not the deployment's").digest())


def checkpoint_tamperings(trail: Trail, private_key: Path) -> Iterator[Tampering]:
    """Forgeries and older states, and at the end what nobody can find."""
    chain_id, place = trail.longest
    yield from _forged(trail, chain_id, place, load_private_key(private_key))
    yield from _rolled_back(trail, chain_id, place)
    yield from _beyond(trail, place)


def _found(flaw: Flaw, where: str, seq: int) -> Expected:
    return ((f"checkpoint_{flaw.name.lower()}", Place(where, seq)),)


def _forged(trail: Trail, chain_id: str, place: TopicPartition, key: Ed25519PrivateKey) -> Iterator[Tampering]:
    series, topic = trail.logs[trail.checkpoints], trail.checkpoints
    middle, end = len(series) // 2, len(series)
    origin = orjson.loads(series[0])["origin"]
    last = read(series[-1], public_key=key.public_key())

    def of(name: str, flaw: Flaw, seq: int, changed: Sequence[bytes]) -> Tampering:
        return Tampering("forge a checkpoint", name, _found(flaw, "topic", seq), {topic: changed})

    def instead(value: bytes) -> list[bytes]:
        return [*series[:middle], value, *series[middle + 1 :]]

    size = series[middle].replace(b'"issued_at_ms":1', b'"issued_at_ms":2', 1)
    yield of("a field edited", Flaw.SIGNATURE, middle, instead(size))
    yield of("no JSON", Flaw.UNREADABLE, middle, instead(series[middle][:-1]))
    rewritten = relinked(trail.logs[place], since=0)
    forged = _over(last, chain_id, rewritten)
    stranger = sign(replace(forged, key=fingerprint(_STRANGER.public_key())), _STRANGER)
    yield of("signed by another key, under its name", Flaw.ANOTHER_KEY, end, [*series, stranger])
    body = orjson.loads(stranger)
    body["key"] = last.key
    yield of("signed by another key, under the true one's name", Flaw.SIGNATURE, end, [*series, canonical(body)])
    yield Tampering(
        "forge a checkpoint",
        "over a chain written anew, by another key",
        (
            *_found(Flaw.ANOTHER_KEY, "topic", end),
            (FlawKind.REPLACED, Place(chain_id, len(rewritten) - 1, len(rewritten) - 1)),
        ),
        {topic: [*series, stranger], place: rewritten},
    )
    elsewhere = sign(replace(last, seq=end, prev=hash_of_checkpoint(series[-1]), origin=f"{origin}-2"), key)
    yield of("of another deployment, by the true key", Flaw.ANOTHER_ORIGIN, end, [*series, elsewhere])
    # With the signing key stolen: the anchor is what is left.
    stolen = sign(replace(forged, seq=last.seq, prev=last.prev), key)
    replaced = (FlawKind.REPLACED, Place(chain_id, len(rewritten) - 1, len(rewritten) - 1))
    yield Tampering(
        "forge a checkpoint",
        "over a chain written anew, by the true key, in the last one's place",
        (*_found(Flaw.REWRITTEN, "topic", last.seq), replaced),
        {topic: [*series[:-1], stolen], place: rewritten},
    )
    anew = _series_anew([read(value, public_key=key.public_key()) for value in series], chain_id, rewritten, key)
    yield Tampering(
        "forge a checkpoint",
        "all of them over a chain written anew, by the true key",
        (*_found(Flaw.FORKED, "topic", last.seq), replaced),
        {topic: anew, place: rewritten},
    )
    yield of("one left out", Flaw.MISSING, middle, [*series[:middle], *series[middle + 1 :]])
    yield of(
        "one twice, later",
        Flaw.REORDERED,
        middle - 1,
        [*series[: middle + 1], series[middle - 1], *series[middle + 1 :]],
    )
    anchor = dict(trail.anchor)
    edited = anchor | {middle: anchor[middle].replace(b'"issued_at_ms":1', b'"issued_at_ms":2', 1)}
    yield Tampering(
        "forge a checkpoint", "a file of the anchor edited", _found(Flaw.SIGNATURE, "anchor", middle), {}, edited
    )
    gone = {number: value for number, value in anchor.items() if number != middle}
    yield Tampering("forge a checkpoint", "a file of the anchor gone", _found(Flaw.MISSING, "anchor", middle), {}, gone)
    swapped = anchor | {middle: anchor[middle + 1], middle + 1: anchor[middle]}
    yield Tampering(
        "forge a checkpoint", "two files of the anchor swapped", _found(Flaw.MISSING, "anchor", middle), {}, swapped
    )


def _over(last: Checkpoint, chain_id: str, values: Sequence[bytes]) -> Checkpoint:
    """The checkpoint after `last`, with another history of one chain."""
    tree = Frontier()
    for value in values:
        tree.add(bytes.fromhex(orjson.loads(value)["hash"]))
    state = ChainState.of(chain_id, head=orjson.loads(values[-1])["hash"], tree=tree)
    chains = tuple(state if chain.id == chain_id else chain for chain in last.chains)
    return replace(last, seq=last.seq + 1, prev="0" * 64, chains=chains)


def _series_anew(
    series: Sequence[Checkpoint], chain_id: str, values: Sequence[bytes], key: Ed25519PrivateKey
) -> list[bytes]:
    """The same series with another history of one chain, linked and signed as the true one is."""
    written: list[bytes] = []
    for checkpoint in series:
        size = next((chain.size for chain in checkpoint.chains if chain.id == chain_id), 0)
        found = _over(checkpoint, chain_id, values[:size]) if size else checkpoint
        prev = hash_of_checkpoint(written[-1]) if written else checkpoint.prev
        written.append(sign(replace(found, seq=checkpoint.seq, prev=prev), key))
    return written


def _state_at(trail: Trail, checkpoint: bytes) -> dict[TopicPartition, Sequence[bytes]]:
    sizes = {chain["id"]: chain["size"] for chain in orjson.loads(checkpoint)["chains"]}
    return {one: trail.logs[one][: sizes.get(name, 0)] for name, one in trail.chains.items()}


def _rolled_back(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    series, topic = trail.logs[trail.checkpoints], trail.checkpoints
    middle = len(series) // 2
    back = _found(Flaw.ROLLED_BACK, "topic", middle + 1)
    yield Tampering("roll back", "the checkpoints", back, {topic: series[: middle + 1]})
    yield Tampering("roll back", "the checkpoints, to none", _found(Flaw.ROLLED_BACK, "topic", 0), {topic: []})
    older = _state_at(trail, series[middle])
    cut = tuple(
        (FlawKind.TAIL_CUT, Place(name, len(older[one])))
        for name, one in trail.chains.items()
        if len(older[one]) < _signed_size(series[-1], name)
    )
    yield Tampering(
        "roll back",
        "checkpoints and every chain, as they once were",
        (*back, *cut),
        {topic: series[: middle + 1], **older},
    )
    yield Tampering("roll back", "every chain, as they once were", cut, dict(older))
    values = trail.logs[place]
    left = len(older[place])
    gone_on = [*values[:left], *relinked(values, since=left)[left : left + 5]]
    shows = len(gone_on) if len(gone_on) < len(values) else len(values) - 1
    kind = FlawKind.TAIL_CUT if len(gone_on) < len(values) else FlawKind.REPLACED
    yield Tampering(
        "roll back",
        "a chain, and gone on with",
        ((kind, Place(chain_id, shows, None if kind is FlawKind.TAIL_CUT else shows)),),
        {place: gone_on},
    )


def _signed_size(checkpoint: bytes, chain_id: str) -> int:
    return next((chain["size"] for chain in orjson.loads(checkpoint)["chains"] if chain["id"] == chain_id), 0)


def _beyond(trail: Trail, place: TopicPartition) -> Iterator[Tampering]:
    """What no reader of the trail can find, so that nobody takes the table for more than it is."""
    series, topic = trail.logs[trail.checkpoints], trail.checkpoints
    middle = len(series) // 2
    older = _state_at(trail, series[middle])
    anchor = {number: value for number, value in trail.anchor.items() if number <= middle}
    yield Tampering(
        "limit",
        "chains, checkpoints and anchor, all as they once were",
        (),
        {topic: series[: middle + 1], **older},
        anchor,
        why="the anchor is out of the writer's power, or it is none",
    )
    longer = [
        *trail.logs[place],
        *relinked([*trail.logs[place], trail.logs[place][0]], since=len(trail.logs[place]))[-1:],
    ]
    yield Tampering(
        "limit",
        "a record appended by whoever may write, after the last checkpoint",
        (),
        {place: longer},
        why="the chain shows it as the next record; access control lists keep others from writing",
    )
