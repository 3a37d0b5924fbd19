"""What can be done to chains of audit records, and what has to be said of each."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from pipeline.audit.chain import EVENTS_CHAIN
from pipeline.audit.verify import FlawKind
from pipeline.broker.base import TopicPartition
from tests.kafka.tampering import Expected, Place, Tampering, Trail, follower, relinked


def chain_tamperings(trail: Trail) -> Iterator[Tampering]:
    """Edits, deletions, moves, insertions, cuts and replacements."""
    chain_id, place = trail.longest
    yield from _edited(trail, chain_id, place)
    yield from _moved(trail, chain_id, place)
    yield from _put_in(trail, chain_id, place)
    yield from _cut(trail, chain_id, place)
    yield from _replaced(trail, chain_id, place)


def fields_of(value: bytes) -> Iterator[tuple[str, int, int]]:
    """Each field of a record by its path, with where its value begins and ends in the bytes (strings without their
    quotes); a name comes as `name:path`."""
    yield from _fields(value, orjson.loads(value), "", 0)


def _fields(value: bytes, found: Any, path: str, start: int) -> Iterator[tuple[str, int, int]]:
    for name, inner in found.items() if isinstance(found, dict) else enumerate(found):
        label = f"{path}.{name}" if path else str(name)
        if isinstance(found, dict):
            token = orjson.dumps(name) + b":"
            at = value.index(token, start)
            yield f"name:{label}", at + 1, at + len(token) - 2
            start = at + len(token)
        written = orjson.dumps(inner)
        at = value.index(written, start)
        if isinstance(inner, dict | list) and inner:
            yield from _fields(value, inner, label, at)
        else:
            quotes = 1 if isinstance(inner, str) and inner else 0
            yield label, at + quotes, at + len(written) - quotes
        start = at + len(written)


def one_byte_changed(value: bytes, at: int) -> bytes:
    """The byte at this place becomes another that could stand there, so that what it is in stays readable if it can."""
    byte = value[at]
    if chr(byte).isdigit():
        other = ord("1") if byte != ord("1") else ord("2")
    else:
        other = ord("b") if byte != ord("b") else ord("c")
    return value[:at] + bytes([other]) + value[at + 1 :]


def _edited(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    values = trail.logs[place]
    number = len(values) // 2
    for label, start, end in fields_of(values[number]):
        edited = one_byte_changed(values[number], (start + end) // 2)
        kind = FlawKind.UNREADABLE if not _has_links(edited) else FlawKind.ALTERED
        yield Tampering(
            "edit",
            f"a byte of {label}",
            ((kind, Place(chain_id, number, number)),),
            {place: [*values[:number], edited, *values[number + 1 :]]},
        )
    events = trail.chains[EVENTS_CHAIN]
    log = trail.logs[events]
    yield Tampering(
        "edit",
        "a byte of the service's own chain",
        ((FlawKind.ALTERED, Place(EVENTS_CHAIN, 1, 1)),),
        {events: [log[0], log[1].replace(b'"outcome":"', b'"outcome":"x', 1), *log[2:]]},
    )


def _has_links(value: bytes) -> bool:
    """Whether what makes a record a link can still be read in it."""
    try:
        body = orjson.loads(value)
        found = (body["hash"], body["chain"]["id"], body["chain"]["seq"], body["chain"]["prev"])
    except (orjson.JSONDecodeError, KeyError):
        return False
    return [type(one) for one in found] == [str, str, int, str]


def _moved(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    values = trail.logs[place]
    third = len(values) // 3

    def of(group: str, name: str, kind: FlawKind, seq: int, at: int | None, changed: Sequence[bytes]) -> Tampering:
        return Tampering(group, name, ((kind, Place(chain_id, seq, at)),), {place: changed})

    without = [*values[:third], *values[third + 1 :]]
    yield of("delete", "a record", FlawKind.MISSING, third, third, without)
    yield of("delete", "ten records", FlawKind.MISSING, third, third, [*values[:third], *values[third + 10 :]])
    yield of("delete", "the first record", FlawKind.BEGINNING_CUT, 0, 0, values[1:])
    yield of("delete", "the beginning", FlawKind.BEGINNING_CUT, 0, 0, values[third:])
    two = [*values[:third], values[third + 1], values[third], *values[third + 2 :]]
    yield of("reorder", "two neighbours", FlawKind.REORDERED, third, third, two)
    block = [*values[:third], *values[2 * third :], *values[third : 2 * third]]
    yield of("reorder", "a third of the chain to its end", FlawKind.REORDERED, third, third, block)
    yield of("reorder", "all of it backwards", FlawKind.REORDERED, 0, 0, values[::-1])
    at_once = [*values[: third + 1], *values[third:]]
    yield of("duplicate", "a record, at once", FlawKind.DUPLICATED, third, third + 1, at_once)
    later = [*values[: 2 * third], values[third], *values[2 * third :]]
    yield of("duplicate", "a record, later", FlawKind.DUPLICATED, third, 2 * third, later)
    yield of("duplicate", "the last record", FlawKind.DUPLICATED, len(values) - 1, len(values), [*values, values[-1]])


def _put_in(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    values = trail.logs[place]
    middle = len(values) // 2
    loose, linked = follower(values, middle, prev="e" * 64), follower(values, middle)
    for name, kind, record in (
        ("a record that follows nothing", FlawKind.INSERTED, loose),
        ("a record of another chain", FlawKind.FOREIGN, trail.other[0]),
        ("what is no record", FlawKind.UNREADABLE, b"{}"),
    ):
        changed = [*values[:middle], record, *values[middle:]]
        yield Tampering("insert", name, ((kind, Place(chain_id, middle, middle)),), {place: changed})
    # The forged one is linked as well as the true one: which of two goes on is known by the second of them.
    changed = [*values[:middle], linked, *values[middle:]]
    yield Tampering(
        "insert",
        "a record linked to the one before",
        ((FlawKind.FORKED, Place(chain_id, middle, middle + 1)),),
        {place: changed},
    )
    changed = [*values[:middle], linked, *values[middle + 1 :]]
    yield Tampering(
        "insert",
        "a record linked to the one before, for the true one",
        ((FlawKind.FORKED, Place(chain_id, middle + 1, middle + 1)),),
        {place: changed},
    )


def _cut(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    values = trail.logs[place]
    for name, left in (("the last record", len(values) - 1), ("half of it", len(values) // 2), ("all of it", 0)):
        expected: Expected = ((FlawKind.TAIL_CUT, Place(chain_id, left)),)
        yield Tampering("truncate", name, expected, {place: values[:left]})
    every: dict[TopicPartition, list[bytes]] = {one: [] for one in trail.chains.values()}
    expected = tuple((FlawKind.TAIL_CUT, Place(name, 0)) for name, one in trail.chains.items() if trail.logs[one])
    yield Tampering("truncate", "every chain to nothing", expected, every)


def _replaced(trail: Trail, chain_id: str, place: TopicPartition) -> Iterator[Tampering]:
    values = trail.logs[place]
    last = len(values) - 1
    expected: Expected = ((FlawKind.REPLACED, Place(chain_id, last, last)),)
    for name, since in (("valid from its first record on", 0), ("valid from the middle on", len(values) // 2)):
        yield Tampering("replace", name, expected, {place: relinked(values, since=since)})
    longer = relinked([*values, *values[:10]], since=len(values) // 2)
    yield Tampering("replace", "valid from the middle on, and longer", expected, {place: longer})
    shorter = relinked(values[:-5], since=len(values) // 2)
    expected = ((FlawKind.TAIL_CUT, Place(chain_id, len(shorter))),)
    yield Tampering("replace", "valid from the middle on, and shorter", expected, {place: shorter})
    yield Tampering("replace", "by another chain", ((FlawKind.FOREIGN, Place(chain_id, 0, 0)),), {place: trail.other})
    every = {one: relinked(trail.logs[one], since=0) for name, one in trail.chains.items() if name != EVENTS_CHAIN}
    expected = tuple(
        (FlawKind.REPLACED, Place(name, len(every[one]) - 1, len(every[one]) - 1))
        for name, one in trail.chains.items()
        if one in every
    )
    yield Tampering("replace", "every chain", expected, every)
