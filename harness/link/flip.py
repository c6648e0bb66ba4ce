"""Damage that no checksum catches: one payload bit arrives flipped.

Ours, not netem's: the kernel's corruption reaches a program only past a checksum. An empty
payload has no bit to flip and draws nothing.
"""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, pair, threshold


class Flip:
    """Flips one bit, counted from the payload's first, in a share of the copies."""

    def __init__(self, draws: Draws) -> None:
        self._draw = pair(draws, "flip")
        self._threshold = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._threshold = threshold(conditions.flip)
        return self._threshold > 0

    def meet(self, passage: Passage) -> None:
        if not passage.payload_bytes or passage.drop is not None:
            return
        draw = self._draw[passage.copy]
        if self._threshold >= draw():
            passage.bit = draw() % (8 * passage.payload_bytes)
