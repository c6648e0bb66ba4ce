"""The addresses by which programs see one another's hosts.

On Linux all of 127.0.0.0/8 is local, so each host of a run has an address of its own, taken from
a block that the run holds by a lock like a port's. Elsewhere, and for IPv6, there is one loopback
address and hosts differ by port alone.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass

from harness.errors import RigFault
from harness.labs.loopback.ports import abstract_lock
from harness.rng import Stream

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
BLOCK_HOSTS = 254


@dataclass(frozen=True, slots=True)
class Platform:
    """What the system offers: ``own_addresses`` says that hosts can have one each."""

    family: socket.AddressFamily
    own_addresses: bool

    @property
    def loopback(self) -> str:
        """Where the programs themselves bind."""
        return LOOPBACK[self.family]


def this_platform(family: socket.AddressFamily) -> Platform:
    """The machine at hand, for ``AF_INET`` or ``AF_INET6``."""
    own = family is socket.AF_INET and sys.platform.startswith("linux")
    return Platform(family, own)


class AddressBook:
    """Hands out host addresses for one run. ``close`` gives the blocks back."""

    def __init__(self, platform: Platform, draws: Stream) -> None:
        self._platform = platform
        self._draws = draws
        self._blocks: list[socket.socket] = []
        self._prefix = ""
        self._given = BLOCK_HOSTS

    def next(self) -> str:
        """An address that no other host of this or another run has, where there are several."""
        if not self._platform.own_addresses:
            return self._platform.loopback
        if self._given == BLOCK_HOSTS:
            self._open_block()
        self._given += 1
        return f"{self._prefix}.{self._given}"

    def close(self) -> None:
        """Let go of every block."""
        for lock in self._blocks:
            lock.close()
        self._blocks.clear()

    def _open_block(self) -> None:
        # 127.0.0.0/16 is left alone: resolvers and the like live at 127.0.0.53 and 127.0.1.1.
        for _ in range(1000):
            prefix = f"127.{self._draws.randint(1, 254)}.{self._draws.randint(0, 255)}"
            try:
                self._blocks.append(abstract_lock(f"udp-harness-net-{prefix}"))
            except OSError:
                continue
            self._prefix, self._given = prefix, 0
            return
        raise RigFault("no block of loopback addresses is free: too many runs at the same time")
