"""The Merkle tree of RFC 6962 (RFC 9162, section 2.1) over a chain: its leaves are the records' digests in order.

A leaf is hashed behind a zero byte and a node behind a one, so that neither can be given out for the other. Nothing
here holds more than one hash a level of the tree, whatever the length of the chain.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

from pipeline.errors import ProofUnsound

HASH_BYTES = 32

EMPTY_ROOT = sha256(b"").digest()
"""Of the tree without leaves (RFC 9162, section 2.1.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf: 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children's."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree, reduced to the hashes of its perfect subtrees, the oldest and largest first.

    Their sizes are the powers of two that `size` is the sum of, so a frontier has one hash for each bit set in it.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """The tree of `size` leaves; ValueError where these cannot be its hashes (each 32 bytes, one a bit set)."""
        if size < 0 or len(hashes) != size.bit_count() or any(len(found) != HASH_BYTES for found in hashes):
            raise ValueError(f"a tree of {size} leaves has not these {len(hashes)} subtrees")
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Of the perfect subtrees, the oldest and largest first."""
        return tuple(self._hashes)

    def add(self, leaf: bytes) -> None:
        """Append a leaf."""
        node, full = leaf_hash(leaf), self._size
        while full & 1:
            node = node_hash(self._hashes.pop(), node)
            full >>= 1
        self._hashes.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The tree's root: 32 bytes."""
        if not self._hashes:
            return EMPTY_ROOT
        *older, root = self._hashes
        for subtree in reversed(older):
            root = node_hash(subtree, root)
        return root


def inclusion_path(leaves: Iterable[bytes], *, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves (RFC 9162, section 2.1.3.1).

    Reads `leaves` once, no further than it must. Raises ValueError where there is no such leaf or there are fewer
    leaves.
    """
    ranges = _siblings(index, size)
    trees = [Frontier() for _ in ranges]
    rest, at = iter(leaves), 0
    # The subtrees beside the path tile the tree up to the leaf itself, so that one pass fills one after the other.
    for (start, stop), tree in sorted(zip(ranges, trees, strict=True), key=lambda found: found[0]):
        _skip(rest, start - at)
        for leaf in islice(rest, stop - start):
            tree.add(leaf)
        if tree.size != stop - start:
            raise ValueError(f"the leaves end before the {size} that the tree has")
        at = stop
    return [tree.root() for tree in trees]


def _skip(leaves: Iterable[bytes], count: int) -> None:
    for _ in islice(leaves, count):
        pass


def _siblings(index: int, size: int) -> list[tuple[int, int]]:
    """The leaves under each subtree beside the path, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, stop, found = 0, size, []
    while stop - start > 1:
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < middle:
            found.append((middle, stop))
            stop = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def root_of_path(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to from `leaf`, for the caller to compare (RFC 9162, section 2.1.3.2).

    Everything given may be an adversary's: raises ProofUnsound where the path is not exactly as long as the place asks,
    and where one of its hashes is not of 32 bytes.
    """
    if not 0 <= index < size:
        raise ProofUnsound(f"a tree of {size} leaves has no leaf {index}")
    if any(len(found) != HASH_BYTES for found in path):
        raise ProofUnsound("a hash of the path is not of 32 bytes")
    place, last, root = index, size - 1, leaf_hash(leaf)
    for sibling in path:
        if last == 0:
            raise ProofUnsound(f"the path has {len(path)} hashes, more than leaf {index} of {size} asks for")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place != 0:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofUnsound(f"the path has {len(path)} hashes, fewer than leaf {index} of {size} asks for")
    return root
