"""Damage that a checksum catches: the copy travels on and is refused where it arrives.

netem flips one bit of the frame. With UDP checksums on, what arrives is a loss, but the damaged
packet takes its place in the queue and its share of the rate like any other.
"""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, pair, threshold


class Corrupt:
    """Drops a share of the copies with reason ``corrupt``, at the far end."""

    def __init__(self, draws: Draws) -> None:
        self._draw = pair(draws, "corrupt")
        self._threshold = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._threshold = threshold(conditions.corrupt)
        return self._threshold > 0

    def meet(self, passage: Passage) -> None:
        if self._threshold >= self._draw[passage.copy]():
            passage.drop = "corrupt"
