"""Independent loss: each copy is lost with the same probability.

Owns nothing of bursts (:mod:`gilbert_elliott`) or of chosen positions (:mod:`packet_list`).
"""

from __future__ import annotations

from fractions import Fraction

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, pair, threshold


def take_one(passage: Passage) -> None:
    """Lose one of the copies. Where a duplicate was due, the two faults cancel out and a single
    packet goes on, as in netem (``count`` in ``netem_enqueue``)."""
    passage.copies -= 1
    if passage.copies == 0:
        passage.lose("loss")


class Loss:
    """Loses a share of the copies, each by itself."""

    def __init__(self, draws: Draws) -> None:
        self._draw = pair(draws, "loss")
        self._threshold = 0

    def adopt(self, conditions: Conditions) -> bool:
        model = conditions.loss
        self._threshold = threshold(model) if isinstance(model, Fraction) else 0
        return self._threshold > 0

    def meet(self, passage: Passage) -> None:
        if self._threshold >= self._draw[passage.copy]():
            take_one(passage)
