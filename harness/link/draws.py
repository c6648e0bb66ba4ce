"""Random numbers by position: what the n-th datagram draws depends on the seed and on n.

Each stream gives every position a fixed share of numbers, used or not. So a datagram that was
lost, or a fault that was off for a while, leaves what later datagrams draw where it was.
"""

from __future__ import annotations

from typing import Final

from harness.link.impairment import Draw
from harness.rng import Stream, stream

SHARE: Final = 2
"""Numbers for each position: the most that one impairment draws for one copy (the two of
Gilbert-Elliott, or of a flipped bit)."""

_BITS: Final = 32


class Position:
    """Where a direction stands, read by all of its streams; counts from 1."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0


class PositionedDraw:
    """One stream, made when it is first drawn from."""

    __slots__ = ("_name", "_next", "_position", "_seed", "_stream")

    def __init__(self, seed: int, name: str, position: Position) -> None:
        self._seed = seed
        self._name = name
        self._position = position
        self._stream: Stream | None = None
        self._next = 0

    def __call__(self) -> int:
        if self._stream is None:
            self._stream = stream(self._seed, self._name)
        unused = self._position.number * SHARE - self._next
        if unused > 0:
            # One call passes over all of them: a Mersenne twister gives 32 bits at a time.
            self._stream.getrandbits(_BITS * unused)
            self._next += unused
        self._next += 1
        return self._stream.getrandbits(_BITS)


class PositionedDraws:
    """The streams of one direction, by the name of the impairment."""

    def __init__(self, seed: int, prefix: str, position: Position) -> None:
        self._seed = seed
        self._prefix = prefix
        self._position = position

    def __call__(self, name: str) -> Draw:
        return PositionedDraw(self._seed, f"{self._prefix}/{name}", self._position)
