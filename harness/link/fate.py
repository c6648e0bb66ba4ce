"""The values that cross the link engine's border: a packet in, its fates out.

Pure data. Time is integer nanoseconds on the caller's clock; lengths are netem's, that is with
the Ethernet header (14), the IP header (20 or 40) and the UDP header (8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.link.words import DropWord


@dataclass(frozen=True, slots=True)
class Packet:
    """What the engine may know of a datagram. ``position`` counts from 1 in its flow."""

    position: int
    payload_bytes: int
    wire_bytes: int  # with Ethernet, IP and UDP headers, as netem counts
    clone: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one copy. ``at_ns`` is when it arrives, or when it is dropped.

    ``drop`` is empty for a copy that arrives. ``bit`` is a flipped payload bit, -1 for none.
    ``copy`` is 0 for the original and 1 for its duplicate.
    """

    at_ns: int
    drop: DropWord | None = None
    copy: int = 0
    bit: int = -1


Fates = tuple[Fate, ...]


@dataclass(frozen=True, slots=True)
class GilbertElliottLoss:
    """netem's ``gemodel``: P(good to bad), P(bad to good), loss in bad, loss in good."""

    enter: Fraction
    leave: Fraction
    bad: Fraction
    good: Fraction


@dataclass(frozen=True, slots=True)
class PacketLoss:
    """Loss of exactly these positions in the flow: ``(first, last)`` pairs, None is no end."""

    positions: Sequence[tuple[int, int | None]]


LossModel = Fraction | GilbertElliottLoss | PacketLoss


@dataclass(frozen=True, slots=True)
class Conditions:
    """The impairments in force on one direction at the moment a packet is sent.

    Everything off by default. ``limit`` counts packets waiting, as netem's does; None is
    unlimited. ``cut`` drops everything before any other impairment is asked.
    """

    delay_ns: int = 0
    jitter_ns: int = 0
    loss: LossModel = Fraction(0)
    duplicate: Fraction = Fraction(0)
    reorder: Fraction = Fraction(0)
    gap: int = 0
    corrupt: Fraction = Fraction(0)
    flip: Fraction = Fraction(0)
    rate_bps: int = 0
    limit: int | None = None
    cut: bool = False
