"""Datagrams from sending to fate, as measures count them.

Owns which datagrams of a flow count: those sent by E and before the first one on the same flow
that is still on its way, so that what is slow is not lost, and what was lost early is not
overcounted (language, section 11). It measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.trace.events import Delivered, Dropped, Duplicated, FateEvent, Sent


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
    sents: Iterable[Sent], fates: Mapping[int, Sequence[FateEvent]]
) -> tuple[FlowFlights, ...]:
    """The flows that some datagrams make up, in order of their first datagram.

    ``sents`` are those that belong to what is measured, in order of sending; what is left out
    does not end the count either. ``fates`` has every fate by the number of its datagram.
    """
    by_flow: dict[tuple[str, str], list[Flight]] = {}
    for sent in sents:
        flight = _flight(sent, fates.get(sent.n, ()))
        by_flow.setdefault((sent.source, sent.target), []).append(flight)
    return tuple(_flow(ends, flights) for ends, flights in by_flow.items())


def _flight(sent: Sent, fates: Sequence[FateEvent]) -> Flight:
    arrivals = tuple(fate for fate in fates if isinstance(fate, Delivered))
    ends = sum(isinstance(fate, Delivered | Dropped) for fate in fates)
    copies = 1 + sum(isinstance(fate, Duplicated) for fate in fates)
    return Flight(sent, arrivals, in_flight=ends < copies)


def _flow(ends: tuple[str, str], flights: Sequence[Flight]) -> FlowFlights:
    border = next((i for i, flight in enumerate(flights) if flight.in_flight), len(flights))
    first_open = flights[border].sent if border < len(flights) else None
    return FlowFlights(*ends, tuple(flights), tuple(flights[:border]), first_open)
