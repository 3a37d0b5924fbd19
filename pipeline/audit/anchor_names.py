"""What a checkpoint is called in an anchor: by its number, padded so that names sort as numbers do."""

import re

_NAME = re.compile(r"checkpoint-([0-9]{12,})\.json")


def checkpoint_name(seq: int) -> str:
    """`checkpoint-000000000123.json`."""
    return f"checkpoint-{seq:012d}.json"


def checkpoint_seq(name: str) -> int | None:
    """The number in a name; None for what is no checkpoint's."""
    found = _NAME.fullmatch(name)
    seq = None if found is None else int(found[1])
    return None if seq is None or checkpoint_name(seq) != name else seq
