"""The contract of one fault of the network, and what passes through it.

A direction shows each copy of a datagram to its impairments, in the order of netem's enqueue
function (sch_netem.c). An impairment only writes its decision on the passage; it delivers, delays
and logs nothing. It owns its thresholds and its state, and draws from its own streams alone.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final, Protocol

from harness.link.fate import Conditions, Packet
from harness.link.words import DropWord

Draw = Callable[[], int]
"""The next 32-bit number of one stream."""

Draws = Callable[[str], Draw]
"""The stream of a given name, such as ``loss``."""

FULL: Final = (1 << 32) - 1
"""A probability of one, as netem counts (tc sends ``rint(share * (2^32 - 1))``)."""


class Passage:
    """One copy of a datagram on its way through the impairments.

    ``copies`` counts the originals that still go on (2: a clone is due). ``settled`` ends the
    way: later impairments are not asked. ``delay_ns`` may be negative, as netem's may.
    """

    __slots__ = (
        "bit",
        "copies",
        "copy",
        "delay_ns",
        "drop",
        "now_ns",
        "payload_bytes",
        "position",
        "settled",
        "wire_bytes",
    )

    def __init__(self, packet: Packet, now_ns: int, copy: int) -> None:
        self.position = packet.position
        self.payload_bytes = packet.payload_bytes
        self.wire_bytes = packet.wire_bytes
        self.now_ns = now_ns
        self.copy = copy
        self.copies = 1
        self.delay_ns = 0
        self.bit = -1
        self.drop: DropWord | None = None
        self.settled = False

    def lose(self, reason: DropWord) -> None:
        """End here and now."""
        self.drop = reason
        self.settled = True


class Impairment(Protocol):
    """One fault of the network."""

    def adopt(self, conditions: Conditions) -> bool:
        """Take up new conditions; False when there is nothing to do under them.

        State outlives the change, unless the model that it belongs to changes.
        """
        ...

    def meet(self, passage: Passage) -> None:
        """Decide about one copy. Not called while ``adopt`` said False."""
        ...


def pair(draws: Draws, name: str) -> tuple[Draw, Draw]:
    """The streams for originals and for clones, to be indexed by ``Passage.copy``.

    Clones draw apart, so that duplication does not shift what later originals draw. A kernel
    twin hands the same stream for every name and has the kernel's order of draws.
    """
    return draws(name), draws(f"{name}/clone")


def threshold(share: Fraction) -> int:
    """A share as netem's 32-bit threshold, rounded to the nearest."""
    return round(share * FULL)
