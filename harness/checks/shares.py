"""Shares: of some trials, how many are hits, and which they were.

Owns the counting of ``loss``, ``duplicates``, ``reordering`` and ``share``. Whether the count is
good enough is for ``claims``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from harness.checks.flights import Flight, FlowFlights
from harness.units import UnitError, parse_count, parse_number


class NoNumberError(ValueError):
    """A group that must catch a number caught something else; says what and where."""


@dataclass(frozen=True, slots=True)
class Count:
    """``hits`` of ``total``; ``evidence`` the numbers of the events that are hits, in order."""

    hits: int
    total: int
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One match of a pattern: the event that completes it, and what its groups caught."""

    n: int
    t: int
    lag: int
    caught: tuple[tuple[str, str], ...] = ()

    def text_of(self, group: str) -> str | None:
        """What a group caught, None where the pattern has no such group."""
        return dict(self.caught).get(group)


def lost(flights: Iterable[Flight]) -> Count:
    """Datagrams never delivered, of all that count."""
    every = list(flights)
    hits = [flight.sent.n for flight in every if not flight.arrivals]
    return Count(len(hits), len(every), tuple(hits))


def duplicated(flights: Iterable[Flight]) -> Count:
    """Datagrams delivered more than once, of all that count."""
    every = list(flights)
    hits = [flight.arrivals[1].n for flight in every if len(flight.arrivals) > 1]
    return Count(len(hits), len(every), tuple(hits))


def reordered_datagrams(flow: FlowFlights, chosen: Iterable[Flight]) -> Count:
    """Of the chosen datagrams that arrived, those that came after one sent later.

    RFC 4737, section 3.3: the order of sending is the sequence; a packet is reordered when it is
    smaller than the next one expected. A copy that comes second is no arrival of its own. What
    overtook need not be among the chosen.
    """
    picked = {flight.sent.n for flight in chosen}
    arrivals = sorted((flight.arrivals[0].n, flight.sent.n) for flight in flow.all if flight.first)
    highest, total, hits = 0, 0, []
    for arrival, origin in arrivals:
        if origin in picked:
            total += 1
            if origin < highest:
                hits.append(arrival)
        highest = max(highest, origin)
    return Count(len(hits), total, tuple(hits))


def reordered_sightings(sightings: Sequence[Sighting]) -> Count:
    """Of the matches of a pattern, those whose ``id`` comes after a higher one.

    Raises NoNumberError where ``id`` caught no number.
    """
    highest: Fraction | None = None
    hits = []
    for sighting in sightings:
        number = _number(sighting, "id")
        if highest is not None and number < highest:
            hits.append(sighting.n)
        highest = number if highest is None else max(highest, number)
    return Count(len(hits), len(sightings), tuple(hits))


def matched_per(matches: Sequence[Sighting], trials: Sequence[Sighting]) -> Count:
    """Matches of one pattern for each match of another; numbers caught as ``n`` are added.

    Raises NoNumberError where ``n`` caught no whole number.
    """
    evidence = tuple(sighting.n for sighting in matches)
    return Count(_amount(matches), _amount(trials), evidence)


def numbers(sightings: Iterable[Sighting]) -> list[tuple[Fraction, Sighting]]:
    """The numbers that the matches caught as ``n``. Raises NoNumberError."""
    return [(_number(sighting, "n"), sighting) for sighting in sightings]


def _amount(sightings: Iterable[Sighting]) -> int:
    return sum(1 if (text := s.text_of("n")) is None else _whole(text, s) for s in sightings)


def _whole(text: str, sighting: Sighting) -> int:
    try:
        return parse_count(text)
    except UnitError:
        raise NoNumberError(f"event #{sighting.n} caught {text!r} as n, no whole number") from None


def _number(sighting: Sighting, group: str) -> Fraction:
    text = sighting.text_of(group)
    try:
        return parse_number(text or "")
    except UnitError:
        caught = "nothing" if text is None else repr(text)
        raise NoNumberError(f"event #{sighting.n} caught {caught} as {group}, no number") from None
