"""Whose program a socket belongs to, asked of /proc.

A datagram that reaches the relay may come from a program that has nothing to do with the run.
Its source port leads to a socket, the socket to the processes that hold it, and those to a host.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from harness.labs.loopback.kernel_sockets import KernelSockets, Snapshot

Place = tuple[str, int]
Family = Callable[[str], Iterable[int]]
"""The process ids of a host's programs, children included."""


class Stranger(Enum):
    """Why no host can be named."""

    FOREIGN = "a process outside the run holds the socket"
    GONE = "the socket is closed already"


def holds(pid: int, inodes: frozenset[int]) -> bool:
    """Whether the process has one of the sockets open; False for one that may not be asked."""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    folder = Path(f"/proc/{pid}/fd")
    try:
        return any(_target(folder / name) in wanted for name in os.listdir(folder))  # noqa: PTH208
    except OSError:
        return False


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - a Path would mangle ``socket:[1]``
    except OSError:
        return ""


@dataclass(slots=True)
class Owners:
    """Remembers which host each source belongs to, for as long as its socket is the same one."""

    kernel: KernelSockets
    family: Family
    hosts: tuple[str, ...]
    _known: dict[Place, tuple[str, frozenset[int]]] = field(default_factory=dict)
    _foreign: dict[Place, frozenset[int]] = field(default_factory=dict)

    def known(self, source: Place) -> str:
        """The host that the source belonged to when last asked, empty when never."""
        return self._known.get(source, ("", frozenset()))[0]

    def owner(self, source: Place, likely: str) -> str | Stranger:
        """The host whose program sends from there; ``likely`` is asked first."""
        known = self.known(source)
        if known and (not likely or known == likely):
            return known
        if not self.kernel.readable:
            return likely or Stranger.GONE
        return self._asked(source, likely)

    def refresh(self, now: Snapshot) -> None:
        """Forget every source whose port has passed to another socket."""
        for book in (self._known, self._foreign):
            for source, entry in list(book.items()):
                inodes = entry[1] if isinstance(entry, tuple) else entry
                current = _inodes(now, source)
                if current and current != inodes:
                    del book[source]

    def _asked(self, source: Place, likely: str) -> str | Stranger:
        inodes = _inodes(self.kernel.snapshot(), source)
        if not inodes:
            return Stranger.GONE
        if self._foreign.get(source) == inodes:
            return Stranger.FOREIGN
        for host in sorted(self.hosts, key=lambda host: host != likely):
            if any(holds(pid, inodes) for pid in self.family(host)):
                self._known[source] = (host, inodes)
                return host
        # A socket that closed while we searched belongs to nobody any more.
        if _inodes(self.kernel.snapshot(), source) != inodes:
            return Stranger.GONE
        self._foreign[source] = inodes
        return Stranger.FOREIGN


def _inodes(now: Snapshot, source: Place) -> frozenset[int]:
    return frozenset(bound.inode for bound in now.at(*source) if bound.inode)
