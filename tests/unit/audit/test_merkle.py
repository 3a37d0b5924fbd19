"""Roots and paths are those of RFC 6962, and no path of another length is followed."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit.merkle import EMPTY_ROOT, Frontier, inclusion_path, root_of_path
from pipeline.errors import ProofUnsound

# The leaves and roots that the tests of certificate-transparency's own implementations share, by number of leaves.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_PATH_0_OF_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CT_PATH_5_OF_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]

sizes_and_places = st.integers(1, 200).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def _leaves(count: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(count)]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, by trying."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def _plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = _split(len(leaves))
    return sha256(b"\x01" + _plain_root(leaves[:k]) + _plain_root(leaves[k:])).digest()


def _plain_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1, word by word."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*_plain_path(index, leaves[:k]), _plain_root(leaves[k:])]
    return [*_plain_path(index - k, leaves[k:]), _plain_root(leaves[:k])]


def _frontier(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_certificate_transparency_publishes(size: int) -> None:
    assert _frontier(CT_LEAVES[:size]).root().hex() == CT_ROOTS[size]


@pytest.mark.parametrize(("index", "path"), [(0, CT_PATH_0_OF_8), (5, CT_PATH_5_OF_8)])
def test_the_paths_are_those_that_certificate_transparency_publishes(index: int, path: list[str]) -> None:
    assert [found.hex() for found in inclusion_path(CT_LEAVES, index=index, size=8)] == path


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == bytes.fromhex(CT_ROOTS[0])


@given(st.integers(0, 200))
def test_a_grown_tree_has_the_root_of_the_definition(size: int) -> None:
    leaves = _leaves(size)
    frontier = _frontier(leaves)

    assert (frontier.size, frontier.root()) == (size, _plain_root(leaves))
    assert len(frontier.hashes) == size.bit_count()


@given(st.integers(0, 150), st.integers(0, 50))
def test_a_tree_taken_up_from_its_frontier_grows_as_if_it_had_never_been_put_down(first: int, more: int) -> None:
    leaves = _leaves(first + more)
    before = _frontier(leaves[:first])
    after = Frontier(before.size, before.hashes)
    for leaf in leaves[first:]:
        after.add(leaf)

    assert (after.size, after.hashes) == (first + more, _frontier(leaves).hashes)


@pytest.mark.parametrize(
    ("size", "hashes"), [(-1, []), (0, [b"a" * 32]), (1, []), (3, [b"a" * 32]), (2, [b"a" * 31]), (2, [b"a" * 32] * 2)]
)
def test_a_frontier_that_its_size_cannot_have_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="subtrees"):
        Frontier(size, hashes)


@given(sizes_and_places)
def test_a_path_is_that_of_the_definition_and_leads_to_the_root(place: tuple[int, int]) -> None:
    size, index = place
    leaves = _leaves(size)

    path = inclusion_path(iter(leaves), index=index, size=size)

    assert path == _plain_path(index, leaves)
    assert root_of_path(leaves[index], index=index, size=size, path=path) == _plain_root(leaves)


def test_a_path_is_of_the_first_leaves_where_more_have_come_since() -> None:
    leaves = _leaves(20)

    path = inclusion_path(leaves, index=3, size=11)

    assert root_of_path(leaves[3], index=3, size=11, path=path) == _plain_root(leaves[:11])


def test_a_path_is_made_in_one_pass_that_reads_no_leaf_behind_the_tree() -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for leaf in _leaves(50):
            read += 1
            yield leaf

    inclusion_path(counted(), index=7, size=33)

    assert read == 33


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4), (9, 4)])
def test_there_is_no_path_of_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_path(_leaves(10), index=index, size=size)
    with pytest.raises(ProofUnsound, match="no leaf"):
        root_of_path(b"leaf", index=index, size=size, path=[])


def test_a_path_over_fewer_leaves_than_the_tree_has_is_refused() -> None:
    with pytest.raises(ValueError, match="end before"):
        inclusion_path(_leaves(9), index=2, size=10)


@given(sizes_and_places, st.data())
def test_a_shorter_or_longer_path_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    size, index = place
    leaves = _leaves(size)
    path = inclusion_path(leaves, index=index, size=size)
    count = data.draw(st.integers(0, len(path) + 3).filter(lambda number: number != len(path)))

    with pytest.raises(ProofUnsound, match="asks for"):
        root_of_path(leaves[index], index=index, size=size, path=[*path, *_leaves(3)][:count])


@given(sizes_and_places, st.data())
def test_a_changed_leaf_index_or_hash_leads_to_no_root_of_the_tree(place: tuple[int, int], data: st.DataObject) -> None:
    size, index = place
    leaves = _leaves(size)
    root, path = _plain_root(leaves), inclusion_path(leaves, index=index, size=size)
    another = data.draw(st.integers(0, size - 1))

    assert root_of_path(b"another" + leaves[index], index=index, size=size, path=path) != root
    if another != index:
        try:
            assert root_of_path(leaves[index], index=another, size=size, path=path) != root
        except ProofUnsound:
            assert len(path) != len(inclusion_path(leaves, index=another, size=size))
    if path:
        level = data.draw(st.integers(0, len(path) - 1))
        bent = [*path[:level], sha256(path[level]).digest(), *path[level + 1 :]]
        assert root_of_path(leaves[index], index=index, size=size, path=bent) != root


@pytest.mark.parametrize("size", [31, 33, 0])
def test_a_hash_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ProofUnsound, match="32 bytes"):
        root_of_path(b"leaf", index=0, size=2, path=[b"x" * size])


def test_a_node_is_never_taken_for_a_leaf() -> None:
    """Without the prefixes, the two halves of an inner node would be a leaf of a smaller tree with the same root."""
    left, right = (sha256(b"\x00" + leaf).digest() for leaf in _leaves(2))

    assert root_of_path(left + right, index=0, size=1, path=[]) != _plain_root(_leaves(2))
