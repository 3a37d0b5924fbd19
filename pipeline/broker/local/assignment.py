"""Who should own what: a pure function of who is there and who owns what now."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence


def fair_share(partitions: Sequence[int], members: Collection[str], *, owners: Mapping[int, str]) -> Mapping[int, str]:
    """The target owner of each partition: shares differ by one at most, and as few partitions move as that allows.

    Every member computes it from the same rows, so nobody leads. A partition whose target is not its owner is released
    by the owner first and claimed later, when it is free. Owners that are no members count as none.
    """
    if not members:
        return {}
    held: defaultdict[str, list[int]] = defaultdict(list)
    for partition in partitions:
        if (owner := owners.get(partition)) in members:
            held[str(owner)].append(partition)
    share, left_over = divmod(len(partitions), len(members))
    # Those who hold the most get the larger shares, so that nothing moves only to even out a remainder.
    by_need = sorted(members, key=lambda member: (-len(held[member]), member))
    target: dict[int, str] = {}
    room: list[str] = []
    for rank, member in enumerate(by_need):
        quota = share + (rank < left_over)
        kept = held[member][:quota]
        target.update(dict.fromkeys(kept, member))
        room += [member] * (quota - len(kept))
    free = [partition for partition in partitions if partition not in target]
    target.update(zip(free, sorted(room), strict=True))
    return target
