"""Reordering: a packet overtakes those that wait, past delay, jitter and rate.

With a gap of N the first N-1 packets are delayed; from the N-th on each is sent at once with the
given probability until one is, then the count begins anew. Nothing is drawn inside the gap.
"""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, pair, threshold


class Reorder:
    """Sends a share of the copies at once."""

    def __init__(self, draws: Draws) -> None:
        self._draw = pair(draws, "reorder")
        self._threshold = 0
        self._delayed_first = 0
        self._delayed = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._threshold = threshold(conditions.reorder)
        # ``reorder`` without ``gap`` means a gap of 1, which tc puts in itself.
        self._delayed_first = max(conditions.gap, 1) - 1
        return self._threshold > 0

    def meet(self, passage: Passage) -> None:
        if self._delayed < self._delayed_first or self._threshold < self._draw[passage.copy]():
            self._delayed += 1
            return
        self._delayed = 0
        passage.settled = True
