"""The door to real time: no other module imports ``time``.

Pure code takes ``now`` as an argument. What must read a clock takes a :class:`Clock`, so that
tests hand it one that they move themselves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000


class Clock(Protocol):
    """What tells the time, in integer nanoseconds."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never run backwards, from an arbitrary origin."""
        ...

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, as the machine believes; may step."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is moved; for tests and for planning."""

    now_ns: int = 0
    wall_offset_ns: int = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return self.now_ns + self.wall_offset_ns

    def advance(self, duration_ns: int) -> None:
        """Move forward; a clock never moves back."""
        if duration_ns < 0:
            raise ValueError(f"a clock cannot be moved by {duration_ns} ns")
        self.now_ns += duration_ns


def iso_utc(wall_ns: int) -> str:
    """A wall time as ISO 8601 in UTC, to the millisecond."""
    seconds, rest = divmod(wall_ns, SECOND_NS)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{stamp}.{rest // MILLISECOND_NS:03d}Z"
