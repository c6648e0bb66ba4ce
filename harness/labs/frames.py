"""What the lab and its guardian say to one another: length-prefixed JSON on a stream socket.

A stream, because macOS has no SOCK_SEQPACKET for Unix sockets. Descriptors travel beside the
bytes, in order; a message says how many of them are its own.
"""

from __future__ import annotations

import json
import struct
from typing import Any

LENGTH = struct.Struct("!I")

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One message as it goes over the socket."""
    body = json.dumps(message).encode()
    return LENGTH.pack(len(body)) + body


class Frames:
    """Puts messages together again, however the socket cut them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete."""
        self._held += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        if len(self._held) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._held)[0]
        if len(self._held) < end:
            return None
        message: Message = json.loads(self._held[LENGTH.size : end])
        del self._held[:end]
        return message
