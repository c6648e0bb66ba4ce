"""The bounded queue: what finds it full is dropped at the tail.

Counts packets, not bytes, and only those that still wait (the ``t_len`` of Linux 6.13 and later,
not the ``qlen`` of earlier kernels): corrupted ones count, lost ones do not.
"""

from __future__ import annotations

from harness.link.backlog import Backlog
from harness.link.fate import Conditions
from harness.link.impairment import Passage


class Limit:
    """Drops with reason ``queue`` while ``limit`` packets wait."""

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._limit = 0

    def adopt(self, conditions: Conditions) -> bool:
        self._limit = conditions.limit or 0
        return conditions.limit is not None

    def meet(self, passage: Passage) -> None:
        if self._backlog.waiting(passage.now_ns) >= self._limit:
            passage.lose("queue")
