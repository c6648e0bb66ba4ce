"""Duplication: a second copy, which then has a fate of its own.

The clone is made from the packet before it is damaged, and is never duplicated again
(sch_netem.c, ``netem_enqueue``: duplication is off while the clone is enqueued).
"""

from __future__ import annotations

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, threshold


class Duplicate:
    """Makes two of one, for a share of the originals."""

    def __init__(self, draws: Draws) -> None:
        self._draw = draws("duplicate")
        self._threshold = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._threshold = threshold(conditions.duplicate)
        return self._threshold > 0

    def meet(self, passage: Passage) -> None:
        if passage.copy == 0 and self._threshold >= self._draw():
            passage.copies = 2
