"""The append-only log that a lab writes its events to.

The log numbers events and moves their times to zero. Before zero is known it holds them back,
then releases them in order with negative times. It keeps no event itself: each goes to the sinks
(a file, a live matcher, a list in tests).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from harness.trace.events import AnyEvent, Event

E = TypeVar("E", bound=Event)
Sink = Callable[[AnyEvent], None]


class Log:
    """Numbers what happens and hands it on. ``at_ns`` is always the lab's own clock."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = list(sinks)
        self._held: list[tuple[type[Event], int, dict[str, object]]] | None = []
        self._zero_ns = 0
        self._next = 1

    @property
    def zero_ns(self) -> int | None:
        """The lab clock's reading at zero, None while it is not known."""
        return None if self._held is not None else self._zero_ns

    def add_sink(self, sink: Sink) -> None:
        """Hand every later event to ``sink`` as well."""
        self._sinks.append(sink)

    def set_zero(self, at_ns: int) -> None:
        """Say when zero was; what was held back goes out now. Once only."""
        if self._held is None:
            raise ValueError("zero is already set")
        held, self._held = self._held, None
        self._zero_ns = at_ns
        self._next = 1
        for kind, event_at_ns, fields in held:
            self._emit(kind, event_at_ns, fields)

    def add(self, kind: type[E], at_ns: int, **fields: object) -> int:
        """Write one event and return its number."""
        if self._held is not None:
            self._held.append((kind, at_ns, fields))
            number = self._next
            self._next += 1
            return number
        return self._emit(kind, at_ns, fields)

    def _emit(self, kind: type[Event], at_ns: int, fields: dict[str, object]) -> int:
        number = self._next
        self._next += 1
        event = kind(n=number, t=at_ns - self._zero_ns, **fields)  # type: ignore[arg-type]
        for sink in self._sinks:
            sink(event)  # type: ignore[arg-type]
        return number
