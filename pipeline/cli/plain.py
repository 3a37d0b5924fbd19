"""Text of others on a terminal: what cannot be printed is written out, so that it can neither move the cursor nor turn
the direction of a line."""

import json
from typing import Any


def plain(text: object) -> str:
    """`text` in one line, with controls, invisible and direction-changing characters as `\\u200b`."""
    return "".join(character if character.isprintable() else _written_out(character) for character in str(text))


def plain_json(body: Any) -> str:
    """One line in ASCII; a reader gets every character back."""
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("\x7f", "\\u007f")


def _written_out(character: str) -> str:
    match character:
        case "\n":
            return "\\n"
        case "\t":
            return "\\t"
        case _:
            number = ord(character)
            return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
