"""Kafka's frames, as far as a proxy has to know them.

A request is its length, API key, API version and correlation id; an answer its length and the correlation id of its
request (https://kafka.apache.org/protocol, "Protocol Messages" and "Message Header").
"""

import asyncio
import struct

END_TXN = 26
_LENGTH = struct.Struct(">i")
_REQUEST = struct.Struct(">hhi")


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """One frame, its length included. Raises IncompleteReadError at the end of the stream."""
    length = await reader.readexactly(_LENGTH.size)
    return length + await reader.readexactly(_LENGTH.unpack(length)[0])


def api_key_of(request: bytes) -> int:
    key: int = _REQUEST.unpack_from(request, _LENGTH.size)[0]
    return key


def correlation_of_request(request: bytes) -> int:
    number: int = _REQUEST.unpack_from(request, _LENGTH.size)[2]
    return number


def correlation_of_answer(answer: bytes) -> int:
    number: int = _LENGTH.unpack_from(answer, _LENGTH.size)[0]
    return number
