"""What the kernel says of the UDP sockets of this machine: who is bound, who has lost datagrams.

Reads /proc/net/udp and udp6 (proc(5)). Where there is no such file, only a trial bind can tell
whether a port is taken, and nothing is known of queues and losses.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.labs.loopback.sockets import can_bind

PROC = Path("/proc/net")
WILDCARDS = ("0" * 8, "0" * 32)
# Fields of a line, proc(5): local address, queues, inode, drops.
_LOCAL, _QUEUES, _INODE, _DROPS = 1, 4, 9, 12


class Bound(NamedTuple):
    """One bound socket: its local address in the kernel's notation, bytes waiting, losses."""

    address: str
    inode: int
    queued: int
    drops: int


def kernel_notation(address: str) -> str:
    """An address as /proc/net/udp writes it: words of the machine's byte order, in hex."""
    packed = ipaddress.ip_address(address).packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words)


def _parsed(table: bytes) -> dict[int, list[Bound]]:
    sockets: dict[int, list[Bound]] = {}
    for line in table.decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        address, port = words[_LOCAL].split(":")
        queued = int(words[_QUEUES].split(":")[1], 16)
        bound = Bound(address, int(words[_INODE]), queued, int(words[_DROPS]))
        sockets.setdefault(int(port, 16), []).append(bound)
    return sockets


def _contents(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces = []
        while piece := os.read(descriptor, 1 << 16):
            pieces.append(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The sockets of one moment, by port."""

    sockets: dict[int, list[Bound]]

    def at(self, address: str, port: int) -> tuple[Bound, ...]:
        """Those that get what is sent to this address and port."""
        found = self.sockets.get(port)
        if not found:
            return ()
        mapped = "0" * 16 + kernel_notation("::ffff:0.0.0.0")[16:24] + kernel_notation(address)
        wanted = (kernel_notation(address), mapped, *WILDCARDS)
        return tuple(bound for bound in found if bound.address in wanted)


class KernelSockets:
    """Looks into the kernel's tables."""

    def __init__(self, proc: Path = PROC) -> None:
        self._files = tuple(proc / name for name in ("udp", "udp6"))
        self.readable = self._files[0].exists()

    def snapshot(self) -> Snapshot:
        """All UDP sockets of the network namespace now; empty where it cannot be known."""
        sockets: dict[int, list[Bound]] = {}
        for path in self._files:
            if not path.exists():
                continue
            for port, found in _parsed(_contents(path)).items():
                sockets.setdefault(port, []).extend(found)
        return Snapshot(sockets)

    def taken(self, wanted: Collection[tuple[str, int]]) -> frozenset[tuple[str, int]]:
        """Those of the addresses and ports where a socket receives."""
        if not wanted:
            return frozenset()
        if not self.readable:
            return frozenset(place for place in wanted if not can_bind(_family(place[0]), *place))
        now = self.snapshot()
        return frozenset(place for place in wanted if now.at(*place))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
