"""Things due at an instant, in the order of (time, sequence). Owns no clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Due = Callable[[int], None]
"""Called with the instant (ns) at which it was due."""


class Timers:
    """A heap of callbacks. Equal times fire in the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Due]] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_ns(self) -> int | None:
        """When the earliest is due."""
        return self._heap[0][0] if self._heap else None

    def at(self, due_ns: int, action: Due) -> None:
        """Call ``action`` once ``due_ns`` has come."""
        self._next += 1
        heapq.heappush(self._heap, (due_ns, self._next, action))

    def pop(self, now_ns: int) -> tuple[int, Due] | None:
        """The earliest that is due by now, or None."""
        if not self._heap or self._heap[0][0] > now_ns:
            return None
        due_ns, _, action = heapq.heappop(self._heap)
        return due_ns, action
