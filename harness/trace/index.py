"""Questions to a whole trace: what was sent, what became of it, who was seen where.

Reads a trace that is in memory and never changes it; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.errors import TraceFault
from harness.trace.events import (
    Address,
    AnyEvent,
    DatagramEvent,
    Delivered,
    Dropped,
    Duplicated,
    Ended,
    FateEvent,
    Icmp,
    Sent,
    Trace,
)


class TraceIndex:
    """Events by number, fates by the number of their ``sent``."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._position = {event.n: place for place, event in enumerate(trace.events)}
        self._fates: dict[int, list[FateEvent]] = {}
        self._end: Ended | None = None
        for event in trace.events:
            if isinstance(event, FateEvent):
                self._fates.setdefault(event.of, []).append(event)
            elif isinstance(event, Ended) and self._end is None:
                self._end = event

    @property
    def trace(self) -> Trace:
        return self._trace

    @property
    def end(self) -> Ended | None:
        """E, None where the trace stops before it."""
        return self._end

    def event(self, number: int) -> AnyEvent:
        """The event of that number. Raises TraceFault if there is none."""
        place = self._position.get(number)
        if place is None:
            raise TraceFault(f"the trace has no event {number}; it has {self._span()}")
        return self._trace.events[place]

    def _span(self) -> str:
        events = self._trace.events
        return f"{events[0].n} to {events[-1].n}" if events else "none"

    def __contains__(self, number: int) -> bool:
        return number in self._position

    def sent(self, number: int) -> Sent | None:
        """The ``sent`` event of that number; None where there is none."""
        place = self._position.get(number)
        event = None if place is None else self._trace.events[place]
        return event if isinstance(event, Sent) else None

    def fates(self, number: int) -> tuple[FateEvent, ...]:
        """Everything that befell the datagram whose ``sent`` has that number, in order."""
        return tuple(self._fates.get(number, ()))

    def origin(self, event: DatagramEvent) -> Sent | None:
        """The ``sent`` that a datagram's event belongs to."""
        return event if isinstance(event, Sent) else self.sent(event.of)

    def payload(self, event: DatagramEvent) -> bytes:
        """The bytes of a datagram as they were at this event: changed ones, else those sent."""
        if isinstance(event, Delivered) and event.payload is not None:
            return event.payload
        origin = None if isinstance(event, Icmp) else self.origin(event)
        return b"" if origin is None else origin.payload

    def in_flight(self, number: int) -> tuple[Sent, ...]:
        """Datagrams sent up to the event ``number`` of which a copy had not ended by then."""
        return tuple(
            event
            for event in self._until(number)
            if isinstance(event, Sent) and self._open_copies(event.n, number) > 0
        )

    def _until(self, number: int) -> Iterator[AnyEvent]:
        return (event for event in self._trace.events if event.n <= number)

    def _open_copies(self, sent: int, number: int) -> int:
        fates = [fate for fate in self._fates.get(sent, ()) if fate.n <= number]
        copies = 1 + sum(isinstance(fate, Duplicated) for fate in fates)
        return copies - sum(isinstance(fate, Delivered | Dropped) for fate in fates)

    def between(self, first: int, last: int) -> Sequence[AnyEvent]:
        """Events with numbers ``first .. last``, both included."""
        return [event for event in self._trace.events if first <= event.n <= last]

    def during(self, start_ns: int, end_ns: int) -> Sequence[AnyEvent]:
        """Events with times ``start_ns .. end_ns``, both included, in order of number."""
        return [event for event in self._trace.events if start_ns <= event.t <= end_ns]

    def address(self, viewer: str, host: str, before: int | None = None) -> str:
        """Where ``viewer`` last saw ``host`` up to the event ``before``; empty if nowhere."""
        found = ""
        for event in self._trace.events:
            if before is not None and event.n > before:
                break
            if isinstance(event, Address) and (event.viewer, event.host) == (viewer, host):
                found = event.address
        return found
