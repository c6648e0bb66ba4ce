"""The ladder: what happened around a moment, hosts as lanes, datagrams as arrows.

Pure text of a fixed width: number and time of each event, the lanes, and the event in words.
Whatever a program or a datagram says is made visible, never passed on raw. Runs of alike lines
are folded, the evidence is marked with ``•`` and the deciding event with ``►``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Corrupted,
    DatagramEvent,
    Delivered,
    Dropped,
    Duplicated,
    Lag,
    Sent,
    Trace,
)
from harness.trace.index import TraceIndex
from harness.trace.lanes import MIN_LANE, Lanes, parties
from harness.trace.text import ascii_only, describe, excerpt, seconds, spoken, visible, words

AROUND: Final = 8
"""How many events stand before and after each piece of evidence."""
MAX_FOCUS: Final = 6
"""How many pieces of evidence are shown, those next to the deciding one."""
MAX_PERIOD: Final = 4
"""The longest pattern of lines that is recognised as repeating."""
MIN_REPEATS: Final = 3
TEXT_CELLS, FEWEST_TEXT_CELLS = 40, 24
"""What is kept for the words before lanes are laid out; the fewest for the sake of two lanes."""
MIN_WIDTH: Final = 40
_UNSEEN: Final = (Address, Lag, Closed)  # bookkeeping, shown only where it is evidence


@dataclass(frozen=True, slots=True)
class _Row:
    """One event, drawn. Rows with equal ``alike`` may be folded; None is never folded."""

    event: AnyEvent
    mark: str
    lanes: str
    text: str
    alike: tuple[object, ...] | None


def ladder(
    trace: Trace,
    evidence: Sequence[int] = (),
    deciding: int = 0,
    *,
    width: int = 100,
    around: int = AROUND,
    plain: bool = False,
) -> list[str]:
    """The lines around the events numbered in ``evidence``; the whole run without any.

    ``width`` is the most cells a line takes, ``plain`` draws with ASCII signs only.
    """
    width = max(MIN_WIDTH, width)
    index = TraceIndex(trace)
    focus = _focus(index, evidence, deciding)
    shown, whole = _window(index, focus, around)
    page = _Page.laid_out(shown, width, set(focus), deciding, plain=plain)
    rows = [page.row(event, index, shown) for event in shown]
    lines = [page.head, *page.lines(rows, whole)]
    lines += _remarks(index, evidence, focus)
    return [_fitted(line, width, plain=plain) for line in lines]


def _fitted(line: str, width: int, *, plain: bool) -> str:
    text = excerpt(line, width).rstrip()
    return ascii_only(text) if plain else text


def _focus(index: TraceIndex, evidence: Sequence[int], deciding: int) -> list[int]:
    """The evidence that is shown: the pieces next to the deciding one, in order."""
    known = sorted({number for number in (*evidence, deciding) if number in index})
    centre = deciding if deciding in index else (known[-1] if known else 0)
    return sorted(sorted(known, key=lambda number: abs(number - centre))[:MAX_FOCUS])


def _window(
    index: TraceIndex, focus: Sequence[int], around: int
) -> tuple[list[AnyEvent], dict[int, int]]:
    """What is shown, and for each event its place among all that might have been."""
    concerned = frozenset(host for number in focus for host in parties(index.event(number)))
    related = {n for number in focus for n in (number, *_relatives(index, number))}
    candidates = [
        event
        for event in index.trace.events
        if event.n in related or (not isinstance(event, _UNSEEN) and _concerns(event, concerned))
    ]
    places = {event.n: place for place, event in enumerate(candidates)}
    if not focus:
        return candidates, places
    near = {p for n in focus for p in range(places[n] - around, places[n] + around + 1)}
    near |= {places[number] for number in related}
    return [event for place, event in enumerate(candidates) if place in near], places


def _relatives(index: TraceIndex, number: int) -> Iterator[int]:
    """A datagram's sending and fates, wherever in the run they are."""
    event = index.event(number)
    origin = index.origin(event) if isinstance(event, DatagramEvent) else None
    if origin is not None:
        yield origin.n
        yield from (fate.n for fate in index.fates(origin.n))


def _concerns(event: AnyEvent, hosts: frozenset[str]) -> bool:
    """Of two hosts or more what stays among them; of a single one all that it takes part in."""
    named = parties(event)
    if not hosts or not named:
        return True
    among = [host in hosts for host in named]
    return all(among) if len(hosts) > 1 else any(among)


def _remarks(index: TraceIndex, evidence: Sequence[int], focus: Sequence[int]) -> Iterator[str]:
    left_out = len({number for number in evidence if number in index}) - len(focus)
    if left_out > 0:
        yield f"  … {left_out} more pieces of evidence are not shown"
    if index.trace.torn:
        yield f"  {visible(index.trace.torn)}"


@dataclass(frozen=True, slots=True)
class _Page:
    """The layout: widths of the columns, and the hosts with a lane."""

    lanes: Lanes
    number_width: int
    time_width: int
    focus: frozenset[int]
    deciding: int
    plain: bool

    @classmethod
    def laid_out(
        cls, shown: Sequence[AnyEvent], width: int, focus: set[int], deciding: int, *, plain: bool
    ) -> _Page:
        number_width = max([5, *(len(str(event.n)) for event in shown)])
        time_width = max([8, *(len(seconds(event.t)) for event in shown)])
        first = [event for event in shown if event.n in focus]
        hosts = dict.fromkeys(host for event in (*first, *shown) for host in parties(event))
        free = width - number_width - time_width - 4
        room = max(free - TEXT_CELLS, min(2 * MIN_LANE, free - FEWEST_TEXT_CELLS))
        order = _in_order(Lanes.of(list(hosts), room).hosts, shown)
        lanes = Lanes.of(order, room)
        return cls(lanes, number_width, time_width, frozenset(focus), deciding, plain)

    def _line(self, mark: str, number: str, time: str, lanes: str, text: str) -> str:
        start = f"{mark} {number:>{self.number_width}} {time:>{self.time_width}} "
        return f"{start}{lanes} {text}" if lanes else start + text

    @property
    def head(self) -> str:
        return self._line(" ", "event", "seconds", self.lanes.head, "")

    def row(self, event: AnyEvent, index: TraceIndex, shown: Sequence[AnyEvent]) -> _Row:
        marked = event.n in self.focus
        mark = "►" if event.n == self.deciding else "•" if marked else " "
        last = shown[-1].n
        text = _text(event, index, last, told=self.lanes.tells(event))
        text = ascii_only(text) if self.plain else text
        alike = None if marked or event.n == self.deciding else _alike(event, index)
        return _Row(event, mark, self.lanes.drawn(event), text, alike)

    def lines(self, rows: Sequence[_Row], places: dict[int, int]) -> Iterator[str]:
        """The rows, alike ones folded, with a gap where the window jumps."""
        stretch: list[_Row] = []
        for row in rows:
            jumped = places[row.event.n] - places[stretch[-1].event.n] - 1 if stretch else 0
            if jumped:
                yield from self._folded(stretch)
                yield self._line(" ", "⋮", "", "", f"{jumped} events between")
                stretch = []
            stretch.append(row)
        yield from self._folded(stretch)

    def _folded(self, rows: Sequence[_Row]) -> Iterator[str]:
        start = 0
        while start < len(rows):
            period, repeats = _repetition(rows, start)
            end = start + period * repeats
            for row in rows[start : start + period]:
                time = seconds(row.event.t)
                yield self._line(row.mark, str(row.event.n), time, row.lanes, row.text)
            if repeats > 1:
                said = f"… {end - start - period} more like this, to event {rows[end - 1].event.n}"
                yield self._line(" ", "⋮", "", "", f"{said} at {seconds(rows[end - 1].event.t)}")
            start = end


def _in_order(hosts: Sequence[str], shown: Sequence[AnyEvent]) -> list[str]:
    """Lanes stand in the order in which their hosts first appear, whatever decided."""
    seen = dict.fromkeys(host for event in shown for host in parties(event))
    return [host for host in seen if host in hosts]


def _text(event: AnyEvent, index: TraceIndex, last: int, *, told: bool) -> str:
    text = words(event) if told else describe(event)
    if not isinstance(event, DatagramEvent):
        return text
    if told and hasattr(event, "k"):
        text = f"#{event.k} {text}"
    return text + _aside(event, index, last)


def _aside(event: DatagramEvent, index: TraceIndex, last: int) -> str:
    """What the eye would have to search for: how long it took, or a fate beyond the page."""
    if isinstance(event, Sent):
        ends = [f for f in index.fates(event.n) if isinstance(f, Delivered | Dropped)]
        late = ends and all(fate.n > last for fate in ends)
        return f" ({words(ends[0])} at {seconds(ends[0].t)})" if late else _open_end(ends)
    origin = index.origin(event) if isinstance(event, Delivered) else None
    if origin is None:
        return ""
    after = f" after {max(0, event.t - origin.t) / 1e6:.1f} ms"
    said = f": {spoken(origin.payload)}" if index.payload(event) == origin.payload else ""
    return after + said


def _open_end(ends: Sequence[object]) -> str:
    return "" if ends else " (no fate)"


def _alike(event: AnyEvent, index: TraceIndex) -> tuple[object, ...]:
    """What makes two lines alike: kind, hosts and words, whatever numbers are in them."""
    said = words(event)
    if isinstance(event, Delivered | Dropped | Duplicated | Corrupted):
        origin = index.origin(event)
        said += words(origin) if origin else ""
    return type(event), parties(event), re.sub(r"\d+", "0", said)


def _repetition(rows: Sequence[_Row], start: int) -> tuple[int, int]:
    """The period and the number of repeats from ``start`` that save most lines; else (1, 1)."""
    best = (1, 1)
    for period in range(1, MAX_PERIOD + 1):
        repeats = _repeats(rows, start, period)
        if repeats >= MIN_REPEATS and period * (repeats - 1) > best[0] * (best[1] - 1):
            best = (period, repeats)
    return best


def _repeats(rows: Sequence[_Row], start: int, period: int) -> int:
    """How often the ``period`` rows from ``start`` stand there in a row."""
    place = start
    while place < len(rows) and rows[place].alike is not None:
        if place - start >= period and rows[place].alike != rows[place - period].alike:
            break
        place += 1
    return max(1, (place - start) // period)
