"""Delay, and jitter spread evenly around it.

Jitter without a distribution is a half-range: ``delay - jitter .. delay + jitter - 1 ns``
(``tabledist`` in sch_netem.c). It may come to less than nothing, which means at once.
"""

from __future__ import annotations

from typing import Final

from harness.link.fate import Conditions
from harness.link.impairment import Draws, Passage, pair

MAX_JITTER_NS: Final = (1 << 31) - 1
"""netem keeps sigma in an ``s32``: 2.147 s is the most that it applies."""


class Delay:
    """Holds every copy for a while."""

    def __init__(self, draws: Draws) -> None:
        self._draw = pair(draws, "delay")
        self._earliest_ns = 0
        self._spread_ns = 0

    def adopt(self, conditions: Conditions) -> bool:
        jitter_ns = min(conditions.jitter_ns, MAX_JITTER_NS)
        self._spread_ns = 2 * jitter_ns
        self._earliest_ns = conditions.delay_ns - jitter_ns
        return conditions.delay_ns != 0 or jitter_ns != 0

    def meet(self, passage: Passage) -> None:
        passage.delay_ns = self._earliest_ns
        if self._spread_ns:
            passage.delay_ns += self._draw[passage.copy]() % self._spread_ns
