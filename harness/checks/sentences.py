"""Sentences about what was judged: events, times and counts in words, never a payload.

Texts of programs under test stay out of reasons; whoever wants to see them looks at the ladder.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.instants import Moment
from harness.checks.matches import Match
from harness.checks.matching import DATAGRAM_EVENTS
from harness.trace.events import AnyEvent, Dropped, Exited, Fault, Icmp
from harness.units import Range, format_duration, format_range

_MICROSECOND_NS = 1_000
_MILLISECOND_NS = 1_000_000


def seconds(ns: int) -> str:
    """A stretch of time to the microsecond, in the unit that reads best: ``9.412 s``, ``35 us``."""
    if abs(ns) < _MICROSECOND_NS:
        return f"{ns} ns"
    if abs(ns) < _MILLISECOND_NS:
        return f"{_trimmed(ns / _MICROSECOND_NS, 3)} us"
    return f"{_trimmed(ns / 1_000_000_000, 6)} s"


def _trimmed(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def event_words(event: AnyEvent) -> str:
    """An event with its number: ``delivered alice->server #17 (event 60)``."""
    return f"{_what(event)} (event {event.n})"


def _what(event: AnyEvent) -> str:
    kind = str(event.__struct_config__.tag)
    if isinstance(event, DATAGRAM_EVENTS):
        return f"{kind} {event.source}->{event.target}{_detail(event)}"
    if isinstance(event, Exited):
        return f"{event.host} ended with code {event.code}"
    if isinstance(event, Fault):
        word = event.mark or f"step {event.step}"
        return f"{word} begins" if event.on else f"{word} ends"
    host = getattr(event, "host", "")
    return f"{kind} of {host}" if kind == "output" else f"{host} {kind}".strip()


def _detail(event: AnyEvent) -> str:
    if isinstance(event, Icmp):
        return f" {event.code}"
    number = f" #{event.k}" if hasattr(event, "k") else ""
    return f"{number} for {event.reason}" if isinstance(event, Dropped) else number


def anchor_words(anchor: Moment) -> str:
    """What a window is counted from."""
    if anchor.event is None:
        return "zero" if anchor.t == 0 else seconds(anchor.t)
    moved = anchor.t - anchor.event.t
    words = event_words(anchor.event)
    return words if not moved else f"{seconds(moved)} after {words}"


def distance(anchor: Moment, match: Match) -> str:
    """How a match lies to the anchor: ``output of server (event 23) 9.412 s after zero``."""
    gap = match.t - anchor.t
    side = "after" if gap >= 0 else "before"
    return f"{event_words(match.event)} {seconds(abs(gap))} {side} {anchor_words(anchor)}"


def within_words(within: Range | None) -> str:
    """A window as it is written; empty for the default one."""
    return "" if within is None else format_range(within, lambda ns: format_duration(int(ns)))


def count_words(count: Range) -> str:
    """A range of counts as it is written."""
    return format_range(count, str)


def numbered(count: int, noun: str) -> str:
    """``1 match``, ``3 matches``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith('ch') else 's'}"


def numbers_of(events: Sequence[AnyEvent | None]) -> tuple[int, ...]:
    """The numbers of events, in order, each once."""
    return tuple(sorted({event.n for event in events if event is not None}))
