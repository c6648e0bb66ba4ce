"""Weighs what a run writes, so that a flood ends it before the disk is full.

An estimate: it counts what each event costs in the trace without writing it.
"""

from __future__ import annotations

from typing import TypeVar

from harness.trace.events import Event
from harness.trace.log import Log, Sink

TRACE_LIMIT_BYTES = 256 * 1024 * 1024
EVENT_BYTES = 160  # the names, numbers and times of one event as a line

E = TypeVar("E", bound=Event)


class Scale(Log):
    """Hands everything on to a log, and knows how heavy that has become."""

    def __init__(self, log: Log, limit_bytes: int = TRACE_LIMIT_BYTES) -> None:
        super().__init__()
        self._log = log
        self.limit_bytes = limit_bytes
        self.bytes = 0

    @property
    def full(self) -> bool:
        """Whether the limit is passed."""
        return self.bytes > self.limit_bytes

    @property
    def zero_ns(self) -> int | None:
        """See :class:`harness.trace.log.Log`."""
        return self._log.zero_ns

    def add_sink(self, sink: Sink) -> None:
        """See :class:`harness.trace.log.Log`."""
        self._log.add_sink(sink)

    def set_zero(self, at_ns: int) -> None:
        """See :class:`harness.trace.log.Log`."""
        self._log.set_zero(at_ns)

    def add(self, kind: type[E], at_ns: int, **fields: object) -> int:
        """Write one event and return its number."""
        self.bytes += EVENT_BYTES + _weight(fields.get("payload")) + _weight(fields.get("line"))
        return self._log.add(kind, at_ns, **fields)


def _weight(value: object) -> int:
    """A payload is written in base64, RFC 4648: four characters for three bytes."""
    if isinstance(value, bytes):
        return (len(value) + 2) // 3 * 4
    return len(value) if isinstance(value, str) else 0
