"""Datagrams from sending to fate, as measures count them.

Owns which datagrams of a flow count: those sent by E and before the first one on the same flow
that is still on its way, so that what is slow is not lost, and what was lost early is not
overcounted (language, section 11). It measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.trace.events import AnyEvent, Delivered, Dropped, Duplicated, Sent


@dataclass(frozen=True, slots=True)
class Flight:
    """One datagram and the copies of it that arrived, in order of arrival."""

    sent: Sent
    arrivals: tuple[Delivered, ...]
    in_flight: bool

    @property
    def first(self) -> Delivered | None:
        """The arrival that counts as its delivery."""
        return self.arrivals[0] if self.arrivals else None

    @property
    def payload_bytes(self) -> int:
        """What arrived first, or else what was sent."""
        first = self.first
        arrived = first.payload if first is not None else None
        return len(self.sent.payload if arrived is None else arrived)


@dataclass(frozen=True, slots=True)
class FlowFlights:
    """One flow, from one host to another. ``all`` was sent by E; ``counted`` of it counts.

    Both are in order of sending. ``first_open`` is the datagram that ends the count, None when
    every one has its fate.
    """

    source: str
    target: str
    all: tuple[Flight, ...]
    counted: tuple[Flight, ...]
    first_open: Sent | None


def flights_of(
    events: Iterable[AnyEvent], last: int, belongs: Callable[[Sent], bool]
) -> tuple[FlowFlights, ...]:
    """Every flow to which datagrams belong that were sent by event number ``last``.

    ``belongs`` picks the datagrams; those it leaves out do not end the count either. Flows come
    in order of their first datagram.
    """
    sent: dict[int, Sent] = {}
    arrivals: dict[int, list[Delivered]] = {}
    without_end: dict[int, int] = {}
    for event in events:
        if isinstance(event, Sent):
            if event.n <= last and belongs(event):
                sent[event.n] = event
                arrivals[event.n] = []
                without_end[event.n] = 1
        elif isinstance(event, Delivered | Dropped | Duplicated) and event.of in sent:
            without_end[event.of] += 1 if isinstance(event, Duplicated) else -1
            if isinstance(event, Delivered):
                arrivals[event.of].append(event)
    by_flow: dict[tuple[str, str], list[Flight]] = {}
    for n, event in sent.items():
        flight = Flight(event, tuple(arrivals[n]), in_flight=without_end[n] > 0)
        by_flow.setdefault((event.source, event.target), []).append(flight)
    return tuple(_flow(ends, flights) for ends, flights in by_flow.items())


def _flow(ends: tuple[str, str], flights: Sequence[Flight]) -> FlowFlights:
    border = next((i for i, flight in enumerate(flights) if flight.in_flight), len(flights))
    first_open = flights[border].sent if border < len(flights) else None
    return FlowFlights(*ends, tuple(flights), tuple(flights[:border]), first_open)
