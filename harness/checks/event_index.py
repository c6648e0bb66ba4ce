"""A whole trace laid out for judging: events by kind and place, datagrams by number, E.

Holds what happened in memory and finds it again; what it means is for the patterns and judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.checks.directory import Directory
from harness.scenario.model import Scenario
from harness.trace.events import (
    AnyEvent,
    Corrupted,
    Delivered,
    Dropped,
    Duplicated,
    Ended,
    FateEvent,
    Fault,
    Icmp,
    Sent,
)

_DATAGRAMS = (Sent, Delivered, Dropped, Duplicated, Corrupted, Icmp)
Spot = tuple[str, str]
"""Source and target of a datagram event; host and nothing of any other event."""


def spot_of(event: AnyEvent) -> Spot:
    """Where an event happened."""
    if isinstance(event, _DATAGRAMS):
        return event.source, event.target
    return getattr(event, "host", ""), ""


class EventIndex:
    """Every event of a run. ``judged`` are those up to E; ``end_n`` and ``end_ns`` are E itself,
    ``worst_lag`` is the largest of any event.

    Without an ``end`` event E is the last event there is; the rules report that by themselves.
    """

    def __init__(self, scenario: Scenario, events: Iterable[AnyEvent]) -> None:
        self.scenario = scenario
        self.events: tuple[AnyEvent, ...] = tuple(events)
        self.directory = Directory()
        self.fates: dict[int, list[FateEvent]] = {}
        self.faults: list[Fault] = []
        end = next((event for event in self.events if isinstance(event, Ended)), None)
        last = end or (self.events[-1] if self.events else None)
        self.ended = end is not None
        self.worst_lag = max((event.lag for event in self.events), default=0)
        self.end_n = last.n if last else 0
        self.end_ns = last.t if last else 0
        self._buckets: dict[type, dict[Spot, list[AnyEvent]]] = {}
        for event in self.events:
            self._add(event)

    def _add(self, event: AnyEvent) -> None:
        self.directory.learn(event)
        if isinstance(event, Delivered | Dropped | Duplicated | Corrupted):
            self.fates.setdefault(event.of, []).append(event)
        if event.n > self.end_n:
            return
        if isinstance(event, Fault):
            self.faults.append(event)
        bucket = self._buckets.setdefault(type(event), {})
        bucket.setdefault(spot_of(event), []).append(event)

    @property
    def start_ns(self) -> int:
        """The time of the first event."""
        return min(self.events[0].t, 0) if self.events else 0

    @property
    def judged(self) -> Sequence[AnyEvent]:
        """The events up to E, in order of number."""
        return [event for event in self.events if event.n <= self.end_n]

    def sent(self, number: int) -> Sent | None:
        """The ``sent`` event with this number."""
        return self.directory.sent(number)

    def payload(self, event: AnyEvent) -> bytes:
        """What a datagram event carried."""
        return self.directory.payload(event)

    def spots(self, kind: type) -> dict[Spot, list[AnyEvent]]:
        """The judged events of one kind, by where they happened."""
        return self._buckets.get(kind, {})
