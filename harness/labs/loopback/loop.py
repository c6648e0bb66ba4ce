"""One thread, one selector, one heap of timers: the loop that drives a run.

Descriptors are served in the order in which the kernel reports them ready, which is the order in
which they became ready; this keeps a program's line of output and its datagram in the order in
which it wrote them. Timers fire between two looks at the descriptors.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable
from typing import Protocol

from harness.clock import SECOND_NS, Clock
from harness.labs.loopback.timers import Due, Timers

BLOCKED_NS = 20_000  # a look that took longer than this had nothing to report at first
FD_SETSIZE = 1024  # select(2): the first descriptor number that it cannot take
TIMER_BATCH = 256  # timers fired before the descriptors get another look


class HasFileno(Protocol):
    def fileno(self) -> int: ...


def _descriptor(selector: selectors.BaseSelector) -> int | None:
    """The epoll descriptor, where there is one and select(2) can take it."""
    if not isinstance(selector, getattr(selectors, "EpollSelector", ())):
        return None
    number: int = selector.fileno()  # type: ignore[attr-defined]
    return number if number < FD_SETSIZE else None


class Loop:
    """Waits for descriptors and for instants, and calls what belongs to them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._timers = Timers()
        self._selector = selectors.DefaultSelector()
        self._epoll = _descriptor(self._selector)
        self._looked_ns = self._nothing_ns = clock.monotonic_ns()

    def now(self) -> int:
        """The lab clock, in nanoseconds."""
        return self.clock.monotonic_ns()

    def watch(self, thing: HasFileno | int, readable: Callable[[], object]) -> None:
        """Call ``readable`` whenever the descriptor has something to read."""
        self._selector.register(thing, selectors.EVENT_READ, readable)

    def unwatch(self, thing: HasFileno | int) -> None:
        """Stop watching; before the descriptor is closed."""
        self._selector.unregister(thing)

    def at(self, due_ns: int, action: Due) -> None:
        """Call ``action(due_ns)`` at that instant or as soon after it as we can."""
        self._timers.at(due_ns, action)

    def turn(self, until_ns: int) -> None:
        """Serve what is ready, or wait for the first thing, at the latest until ``until_ns``."""
        began_ns = self.now()
        found = self._ready(self._patience_s(until_ns))
        woke_ns = self.now()
        waited = woke_ns - began_ns > BLOCKED_NS
        self._nothing_ns = woke_ns if waited else self._looked_ns
        self._looked_ns = woke_ns if waited else began_ns
        for key, _ in found:
            if self._selector.get_map().get(key.fd) is key:
                key.data()
        now_ns = self.now()
        for _ in range(TIMER_BATCH):
            due = self._timers.pop(now_ns)
            if due is None:
                break
            due[1](due[0])

    def unread_ns(self) -> int:
        """For how long at most what is read now may have waited for us to read it.

        When the selector had to wait, what it reported came at its end; otherwise it may have
        come at any time since the last look.
        """
        return max(0, self.now() - self._nothing_ns)

    def close(self) -> None:
        """Give the selector back; watched descriptors stay open."""
        self._selector.close()

    def _ready(self, patience_s: float) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready, after waiting for it.

        epoll_wait(2) counts in milliseconds, select(2) in microseconds: a delay of 100 us would
        otherwise become one of a millisecond. An epoll descriptor can itself be waited for.
        """
        if patience_s > 0 and self._epoll is not None:
            select.select([self._epoll], [], [], patience_s)
            patience_s = 0
        return self._selector.select(patience_s)

    def _patience_s(self, until_ns: int) -> float:
        next_ns = self._timers.next_ns
        wake_ns = until_ns if next_ns is None else min(until_ns, next_ns)
        return max(0, wake_ns - self.now()) / SECOND_NS
