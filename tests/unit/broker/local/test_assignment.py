from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.local.assignment import fair_share

MEMBERS = st.frozensets(st.sampled_from(["a", "b", "c", "d", "e"]), min_size=1)
OWNERS = st.dictionaries(st.integers(0, 11), st.sampled_from(["a", "b", "c", "d", "e", "gone"]))
PARTITIONS = st.integers(1, 12).map(lambda count: list(range(count)))


@given(PARTITIONS, MEMBERS, OWNERS)
def test_every_partition_gets_a_member_and_shares_differ_by_one_at_most(
    partitions: list[int], members: frozenset[str], owners: dict[int, str]
) -> None:
    target = fair_share(partitions, members, owners=owners)

    assert sorted(target) == partitions
    shares = [list(target.values()).count(member) for member in members]
    assert set(target.values()) <= members
    assert max(shares) - min(shares) <= 1


@given(PARTITIONS, MEMBERS, OWNERS)
def test_a_target_reached_is_a_target_kept(
    partitions: list[int], members: frozenset[str], owners: dict[int, str]
) -> None:
    target = fair_share(partitions, members, owners=owners)

    assert fair_share(partitions, members, owners=target) == target


@given(PARTITIONS, MEMBERS, OWNERS, st.randoms(use_true_random=False))
def test_members_acting_alone_and_in_any_order_reach_a_fair_share_without_taking_what_is_owned(
    partitions: list[int], members: frozenset[str], owners: dict[int, str], random: object
) -> None:
    owned = {partition: owner for partition, owner in owners.items() if owner in members and partition in partitions}
    for _ in range(4):
        for member in random.sample(sorted(members), len(members)):  # type: ignore[attr-defined]
            target = fair_share(partitions, members, owners=owned)
            due = {partition for partition, who in target.items() if who == member}
            owned = {p: who for p, who in owned.items() if who != member or p in due}
            owned.update({partition: member for partition in due if partition not in owned})

    assert sorted(owned) == partitions
    assert fair_share(partitions, members, owners=owned) == owned


def test_one_who_joins_takes_only_its_share() -> None:
    target = fair_share(range(6), {"a", "b", "new"}, owners={0: "a", 1: "a", 2: "a", 3: "b", 4: "b", 5: "b"})

    assert [partition for partition, member in target.items() if member == "new"] == [2, 5]
    assert {partition: member for partition, member in target.items() if member != "new"} == {
        0: "a",
        1: "a",
        3: "b",
        4: "b",
    }


def test_one_who_leaves_moves_nothing_but_its_own() -> None:
    target = fair_share(range(4), {"a", "b"}, owners={0: "a", 1: "b", 2: "gone"})

    assert (target[0], target[1]) == ("a", "b")
    assert sorted([target[2], target[3]]) == ["a", "b"]


def test_without_members_nobody_owns_anything() -> None:
    assert fair_share(range(4), set(), owners={0: "gone"}) == {}
