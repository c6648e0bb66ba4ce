"""The ladder: what happened around a moment, hosts as lanes, datagrams as arrows.

Pure text of a fixed width. Everything a program or a datagram says is made visible, never passed
on raw. Runs of equal lines are folded; the deciding event is marked with ``►``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.trace.events import (
    Address,
    AnyEvent,
    Closed,
    Corrupted,
    Delivered,
    Dropped,
    Duplicated,
    Icmp,
    Lag,
    Sent,
    Trace,
)
from harness.trace.text import excerpt as shortened
from harness.trace.text import seconds, visible, words
from harness.trace.text import visible_payload as payload_text

AROUND = 8
"""How many events stand before and after each piece of evidence."""

TIME_WIDTH = 10
LANE_WIDTH = 12
MAX_LANES = 5

_Datagram = Sent | Delivered | Dropped | Duplicated | Corrupted | Icmp


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    time: str
    lanes: str
    text: str


def ladder(
    trace: Trace, evidence: Sequence[int] = (), deciding: int = 0, *, width: int = 100
) -> list[str]:
    """The lines around the events numbered in ``evidence``; the whole run without any."""
    shown = _chosen(trace, evidence)
    wanted = {event.n for event in shown}
    hosts = _lanes(shown)
    sent = {event.n: event for event in trace.events if isinstance(event, Sent)}
    rows = [_row(event, hosts, sent) for event in shown]
    lines = [_head(hosts)]
    lines += _folded(rows, evidence, deciding, wanted)
    if trace.torn:
        lines.append(f"   {trace.torn}")
    return [shortened(line, width).rstrip() for line in lines]


def _chosen(trace: Trace, evidence: Sequence[int]) -> list[AnyEvent]:
    events = [event for event in trace.events if not isinstance(event, Address | Lag | Closed)]
    if not evidence:
        return events
    places = {event.n: index for index, event in enumerate(events)}
    keep: set[int] = set()
    for number in evidence:
        if number in places:
            index = places[number]
            keep.update(range(index - AROUND, index + AROUND + 1))
    return [event for index, event in enumerate(events) if index in keep]


def _parties(event: AnyEvent) -> tuple[str, ...]:
    if isinstance(event, _Datagram):
        return (event.source, event.target)
    host = getattr(event, "host", "")
    return (host,) if host else ()


def _lanes(events: Iterable[AnyEvent]) -> list[str]:
    """The hosts that get a lane of their own, those that come first; the rest share the last."""
    seen = dict.fromkeys(party for event in events for party in _parties(event))
    return list(seen)[:MAX_LANES]


def _head(hosts: Sequence[str]) -> str:
    names = "".join(f"{shortened(visible(host), LANE_WIDTH - 2):^{LANE_WIDTH}}" for host in hosts)
    return f"   {'seconds':>{TIME_WIDTH}} {names}"


def _row(event: AnyEvent, hosts: Sequence[str], sent: dict[int, Sent]) -> _Row:
    text = visible(_text(event, sent))
    return _Row(event.n, seconds(event.t), _drawn(event, hosts), text)


def _text(event: AnyEvent, sent: dict[int, Sent]) -> str:
    if not isinstance(event, _Datagram):
        host = getattr(event, "host", "")
        prefix = f"{host} " if host else ""
        return prefix + words(event)
    name = f"{event.source}->{event.target}"
    if isinstance(event, Icmp):
        return f"{name} {words(event)}"
    name += f" #{event.k}"
    if isinstance(event, Sent):
        return f"{name} {words(event)}"
    origin = sent.get(event.of)
    said = f": {payload_text(origin.payload)}" if origin and isinstance(event, Delivered) else ""
    return f"{name} {words(event)}{said}"


def _column(host: str, hosts: Sequence[str]) -> int | None:
    return hosts.index(host) * LANE_WIDTH + LANE_WIDTH // 2 if host in hosts else None


def _drawn(event: AnyEvent, hosts: Sequence[str]) -> str:
    cells = [" "] * (LANE_WIDTH * len(hosts))
    for host in hosts:
        cells[_column(host, hosts) or 0] = "│"
    if isinstance(event, _Datagram):
        _draw_arrow(cells, event, _column(event.source, hosts), _column(event.target, hosts))
    else:
        for party in _parties(event):
            if (column := _column(party, hosts)) is not None:
                cells[column] = "●"
    return "".join(cells)


def _draw_arrow(cells: list[str], event: _Datagram, start: int | None, end: int | None) -> None:
    """Sent: leaves its lane. Delivered: arrives. Dropped: a cross halfway."""
    if start is None or end is None or start == end:
        return
    step = 1 if end > start else -1
    middle = (start + end) // 2
    first, last = start + step, end
    match event:
        case Sent():
            last, mark = middle, ">" if step > 0 else "<"
        case Delivered() | Icmp():
            first, last, mark = middle, end, "▶" if step > 0 else "◀"
        case Dropped():
            last, mark = middle, "✗"
        case _:
            last, mark = middle, "≠" if isinstance(event, Corrupted) else "²"
    for column in range(first, last, step):
        if cells[column] == " ":
            cells[column] = "┄" if isinstance(event, Icmp) else "─"
    cells[last - step] = mark


def _folded(
    rows: Sequence[_Row], evidence: Sequence[int], deciding: int, wanted: set[int]
) -> list[str]:
    """Rows as lines; three or more that differ only in time become one and a count."""
    lines: list[str] = []
    index, before = 0, None
    while index < len(rows):
        row = rows[index]
        if evidence and before is not None and _gap(before, row, wanted):
            lines.append(f"   {'⋮':>{TIME_WIDTH}}")
        alike = index
        while alike + 1 < len(rows) and _same(rows[alike + 1], row, evidence):
            alike += 1
        lines.append(_line(row, evidence, deciding))
        if alike - index >= 2:
            fold = f"… {alike - index - 1} more like this until {rows[alike].time}"
            lines.append(f"   {'':>{TIME_WIDTH}} {fold}")
            index = alike
        else:
            index += 1
        before = row.number if alike == index - 1 else rows[index - 1].number
    return lines


def _gap(before: int, row: _Row, wanted: set[int]) -> bool:
    return any(number not in wanted for number in range(before + 1, row.number))


def _same(row: _Row, like: _Row, evidence: Sequence[int]) -> bool:
    marked = row.number in evidence or like.number in evidence
    return not marked and row.lanes == like.lanes and row.text == like.text


def _line(row: _Row, evidence: Sequence[int], deciding: int) -> str:
    mark = "►" if row.number == deciding else "•" if row.number in evidence else " "
    return f" {mark} {row.time:>{TIME_WIDTH}} {row.lanes} {row.text}"
