"""Losses in the receive buffers of the programs: which datagram found the queue full.

The kernel counts a socket's losses but does not say which datagram was lost. It drops at the tail,
so what is lost is always what was handed over last. The watch therefore keeps an upper bound of
what may be waiting in each socket. While that bound stays below half the socket's buffer, nothing
can have been lost and nothing is asked. From there on the kernel's counter is read after each
datagram, so that a loss is known to be that very one. A loss in between, possible only where a
buffer became smaller unseen or its size is not known, cannot be pinned to a datagram: it is told
as such, and from then on this socket is asked after each. A socket of unknown size that closes
before it was looked at leaves a doubt, which is told too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.labs.loopback.buffer_sizes import buffer_sizes
from harness.labs.loopback.kernel_sockets import KernelSockets, Snapshot

RMEM_DEFAULT = Path("/proc/sys/net/core/rmem_default")
USUAL_BUFFER = 212_992
NEAR_BYTES = 4096
"""From here on a socket is looked at soon: the smallest buffer holds little more, socket(7)."""
DOUBTFUL_BYTES = 16_384
"""What a buffer of unknown size is trusted to hold."""

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
    inodes: frozenset[int]
    ceiling: int = 0
    size_known: bool = False
    mistrusted: bool = False


class DropWatch:
    """Follows the sockets to which datagrams are handed over."""

    def __init__(
        self,
        kernel: KernelSockets,
        buffer_bytes: int,
        sizes: Callable[[], Mapping[int, int]] = buffer_sizes,
    ) -> None:
        self._kernel = kernel
        self._usual = buffer_bytes
        self._sizes = sizes
        self._queues: dict[Place, _Queue] = {}
        self._untold: dict[Place, int] = {}
        self._doubts: list[Place] = []
        self.due = False  # whether a look should follow soon

    def before(self, place: Place, payload_bytes: int) -> bool:
        """Call before handing over; True when :meth:`lost` must be asked afterwards."""
        if not self._kernel.readable:
            return False
        queue = self._queues.get(place)
        if queue is None:
            queue = self._begin(place, self._kernel.snapshot())
        queue.filled += charge(payload_bytes)
        self.due |= queue.filled > NEAR_BYTES
        if queue.filled <= queue.ceiling and not queue.mistrusted:
            return False
        queue = self._look(place, queue, self._kernel.snapshot())
        queue.filled += charge(payload_bytes)
        return queue.mistrusted or queue.filled > queue.ceiling

    def lost(self, place: Place) -> bool:
        """Whether the datagram just handed over was lost in the socket's full buffer."""
        queue = self._queues[place]
        seen = self._read(place, self._kernel.snapshot())
        if seen.inodes != queue.inodes:
            return False  # closed in this moment, and what waited in it is nobody's to read
        grown = seen.drops - queue.drops
        if grown > 1:
            self._untold[place] = self._untold.get(place, 0) + grown - 1
        queue.drops, queue.filled = seen.drops, seen.filled
        return grown > 0

    def unexplained(self) -> dict[Place, int]:
        """Losses since the last look that no :meth:`lost` has told; call now and then."""
        self.due = False
        if self._queues:
            now = self._kernel.snapshot()
            sizes = self._sizes()
            for place, queue in list(self._queues.items()):
                if now.at(*place):
                    self._measure(self._look(place, queue, now, sizes), sizes)
                else:
                    self._close(place, queue)
        found, self._untold = self._untold, {}
        return found

    def doubts(self) -> list[Place]:
        """Sockets that were closed before it could be read whether they had lost anything."""
        found, self._doubts = self._doubts, []
        return found

    def _begin(self, place: Place, now: Snapshot, sizes: Mapping[int, int] | None = None) -> _Queue:
        queue = self._queues[place] = self._read(place, now)
        self._measure(queue, self._sizes() if sizes is None else sizes)
        return queue

    def _look(
        self, place: Place, queue: _Queue, now: Snapshot, sizes: Mapping[int, int] | None = None
    ) -> _Queue:
        """The queue as it is now; another socket at the place begins anew."""
        seen = self._read(place, now)
        if seen.inodes != queue.inodes:
            self._close(place, queue)
            return self._begin(place, now, sizes)
        if seen.drops > queue.drops:
            self._untold[place] = self._untold.get(place, 0) + seen.drops - queue.drops
            queue.mistrusted = True
        queue.drops, queue.filled = seen.drops, seen.filled
        return queue

    def _close(self, place: Place, queue: _Queue) -> None:
        """Its counter went with it."""
        del self._queues[place]
        if not queue.size_known and not queue.mistrusted and queue.filled > DOUBTFUL_BYTES:
            self._doubts.append(place)

    def _measure(self, queue: _Queue, sizes: Mapping[int, int]) -> None:
        known = [sizes[inode] for inode in queue.inodes if inode in sizes]
        queue.size_known = bool(known)
        queue.ceiling = min(known, default=self._usual) // 2

    def _read(self, place: Place, now: Snapshot) -> _Queue:
        bound = now.at(*place)
        inodes = frozenset(one.inode for one in bound)
        return _Queue(sum(one.drops for one in bound), sum(one.queued for one in bound), inodes)
