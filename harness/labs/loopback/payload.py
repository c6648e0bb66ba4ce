"""The bytes of a ``send`` step, from its parts."""

from __future__ import annotations

from collections.abc import Callable

from harness.rng import Stream
from harness.scenario.model import PayloadPart, Send

MAX_PAYLOAD = {"ipv4": 65507, "ipv6": 65487}


def built(
    send: Send,
    text: Callable[[str], str],
    observed: bytes,
    draws: Stream,
) -> bytes:
    """The payload. ``text`` puts names in, ``observed`` is the datagram that ``copy`` takes,
    ``draws`` gives the random bytes and the bits to flip."""
    payload = b"".join(_part(part, text, observed, draws) for part in send.payload)
    return flipped(payload, send.flip, draws)


def _part(part: PayloadPart, text: Callable[[str], str], observed: bytes, draws: Stream) -> bytes:
    match part.how:
        case "text":
            return text(part.text).encode("utf-8", "surrogateescape")
        case "copy":
            return _copied(part, observed)
        case "random":
            return draws.randbytes(part.size_bytes)
        case _:
            return part.data


def _copied(part: PayloadPart, observed: bytes) -> bytes:
    if part.copy is None:
        return observed
    low = int(part.copy.low or 0)
    high = len(observed) if part.copy.high is None else int(part.copy.high) + 1
    return observed[low:high]


def flipped(payload: bytes, count: int, draws: Stream) -> bytes:
    """The payload with ``count`` different bits inverted, all of them if it has fewer."""
    changed = bytearray(payload)
    bits = len(payload) * 8
    for bit in draws.sample(range(bits), min(count, bits)):
        changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
