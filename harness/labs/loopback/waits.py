"""How long the programs waited for a core: what may have delayed anything they did.

A program that could not run did everything late, through no fault of its own. Each look counts
the waits since the one before, so that what is told of an event bounds what can have delayed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.clock import MILLISECOND_NS, Clock
from harness.labs.core_wait import CoreWait

FRESH_NS = 5 * MILLISECOND_NS  # within this time of a look the same answer serves


@dataclass(slots=True)
class _Watched:
    wait: CoreWait
    looked_ns: int
    latest_ns: int = 0


@dataclass(slots=True)
class CoreWaits:
    """The waits of each host's program. ``worst`` is the longest between two looks, by host."""

    clock: Clock
    worst: dict[str, int] = field(default_factory=dict)
    _watched: dict[str, _Watched] = field(default_factory=dict)

    def watch(self, host: str, pid: int) -> None:
        """Follow a program from now on; what it waited while starting does not count."""
        wait = CoreWait(pid)
        wait.since_last_ns()
        self._watched[host] = _Watched(wait, self.clock.monotonic_ns())

    def forget(self, host: str) -> None:
        """The program has ended."""
        self._watched.pop(host, None)

    def latest_ns(self, host: str) -> int:
        """By how much at most its latest deed was delayed, for want of a core."""
        watched = self._watched.get(host)
        if watched is None:
            return 0
        now_ns = self.clock.monotonic_ns()
        if now_ns - watched.looked_ns >= FRESH_NS:
            watched.looked_ns = now_ns
            watched.latest_ns = watched.wait.since_last_ns()
            self.worst[host] = max(self.worst.get(host, 0), watched.latest_ns)
        return watched.latest_ns

    def look(self) -> None:
        """Look at every program, so that no answer reaches far back."""
        for host in self._watched:
            self.latest_ns(host)
