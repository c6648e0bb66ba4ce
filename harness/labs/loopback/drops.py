"""Losses in the receive buffers of the programs: which datagram found the queue full.

The kernel counts a socket's losses but does not say which datagram was lost. It drops at the tail,
so what is lost is always what was handed over last. The watch therefore keeps an upper bound of
what may be waiting in each socket. While that bound stays below half the usual buffer, nothing
can have been lost and nothing is asked. From there on the kernel's counter is read after each
datagram, so that a loss is known to be that very one. A loss in between, possible only where a
program chose a smaller buffer than usual, cannot be pinned to a datagram: it is told as such, and
from then on this socket is asked after each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.labs.loopback.kernel_sockets import KernelSockets, Snapshot

RMEM_DEFAULT = Path("/proc/sys/net/core/rmem_default")
USUAL_BUFFER = 212_992

Place = tuple[str, int]


def default_buffer(path: Path = RMEM_DEFAULT) -> int:
    """The receive buffer of a socket that asked for none; socket(7), rmem_default."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return USUAL_BUFFER


def charge(payload_bytes: int) -> int:
    """At least what one datagram takes of a receive buffer: data rounded up, plus its header.

    The kernel charges the allocation (truesize), powers of two and a few hundred bytes.
    """
    return 1024 + 2 * payload_bytes


@dataclass(slots=True)
class _Queue:
    """What is known of one socket. ``filled`` bounds the bytes that wait in it."""

    drops: int
    filled: int
    mistrusted: bool = False


class DropWatch:
    """Follows the sockets to which datagrams are handed over."""

    def __init__(self, kernel: KernelSockets, buffer_bytes: int) -> None:
        self._kernel = kernel
        self._ceiling = buffer_bytes // 2
        self._queues: dict[Place, _Queue] = {}

    def before(self, place: Place, payload_bytes: int) -> bool:
        """Call before handing over; True when :meth:`lost` must be asked afterwards."""
        if not self._kernel.readable:
            return False
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = self._read(place, self._kernel.snapshot())
        queue.filled += charge(payload_bytes)
        if queue.filled <= self._ceiling and not queue.mistrusted:
            return False
        seen = self._read(place, self._kernel.snapshot())
        queue.filled = seen.filled + charge(payload_bytes)
        return queue.mistrusted or queue.filled > self._ceiling

    def lost(self, place: Place) -> bool:
        """Whether the datagram just handed over was lost in the socket's full buffer."""
        queue = self._queues[place]
        seen = self._read(place, self._kernel.snapshot())
        grown = seen.drops > queue.drops
        queue.drops, queue.filled = seen.drops, seen.filled
        return grown

    def unexplained(self) -> dict[Place, int]:
        """Losses since the last look that no :meth:`lost` has told; call now and then."""
        if not self._queues:
            return {}
        now = self._kernel.snapshot()
        found = {}
        for place, queue in list(self._queues.items()):
            if not now.at(*place):
                del self._queues[place]  # closed: its counter went with it
                continue
            seen = self._read(place, now)
            if seen.drops > queue.drops:
                found[place] = seen.drops - queue.drops
                queue.mistrusted = True
            queue.drops, queue.filled = seen.drops, seen.filled
        return found

    def _read(self, place: Place, now: Snapshot) -> _Queue:
        bound = now.at(*place)
        return _Queue(sum(one.drops for one in bound), sum(one.queued for one in bound))
