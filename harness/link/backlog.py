"""The packets that wait in one direction: what the limit counts and what the rate queues behind.

netem's tfifo, reduced to the times at which packets leave it.
"""

from __future__ import annotations

from heapq import heappop, heappush


class Backlog:
    """Departure times of packets under way; ``now_ns`` may not run backwards."""

    def __init__(self) -> None:
        self._departures: list[int] = []
        self._latest_ns = 0

    def join(self, departs_ns: int, now_ns: int) -> None:
        """Let a packet wait until it departs; one that is due already does not wait."""
        departures = self._departures
        while departures and departures[0] <= now_ns:
            heappop(departures)
        if departs_ns > now_ns:
            heappush(departures, departs_ns)
            self._latest_ns = max(self._latest_ns, departs_ns)

    def waiting(self, now_ns: int) -> int:
        """How many packets depart later than now."""
        departures = self._departures
        while departures and departures[0] <= now_ns:
            heappop(departures)
        return len(departures)

    def tail_ns(self, now_ns: int) -> int:
        """When the last of those waiting departs; now when nothing waits."""
        # The latest departure ever is the tail as long as it lies ahead.
        return max(self._latest_ns, now_ns)
