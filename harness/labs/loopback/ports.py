"""Port numbers of this machine, reserved for one run.

A number is held by a lock that dies with the process: an abstract Unix socket where they exist
(unix(7): they belong to the network namespace, as ports do, and to no user), an advisory file
lock elsewhere. The lock only keeps harnesses apart; that nobody else uses the port is what a
trial bind verifies. Numbers handed out lie outside the range from which the kernel serves
unbound sockets, so that no program gets one by accident.
"""

from __future__ import annotations

import errno
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from harness.errors import RigFault
from harness.labs.loopback.sockets import LINUX, can_bind
from harness.rng import Stream

RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
EPHEMERAL_ELSEWHERE = (32768, 65535)
LOWEST = 10_000  # below stand the numbers that programs like to have as literals
SPARE = (20_000, 29_999)  # where the ephemeral range leaves nothing, as some machines set it


def ephemeral_range(path: Path = RANGE_FILE) -> tuple[int, int]:
    """The first and last port of the kernel's own choosing; ip(7), ip_local_port_range."""
    try:
        low, high = path.read_text().split()
        return int(low), int(high)
    except (OSError, ValueError):
        return EPHEMERAL_ELSEWHERE


def candidates(ephemeral: tuple[int, int]) -> tuple[int, ...]:
    """Every port that may be handed out, given the ephemeral range."""
    low, high = ephemeral
    ports = (*range(LOWEST, min(low, 65536)), *range(max(high + 1, LOWEST), 65536))
    return ports or tuple(range(SPARE[0], SPARE[1] + 1))


class _FileLock:
    """An advisory lock on a file, for systems without abstract sockets."""

    def __init__(self, port: int) -> None:
        import fcntl

        path = Path(tempfile.gettempdir()) / f"udp-harness-port-{port}.lock"
        self._file: IO[bytes] = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()


def abstract_lock(name: str) -> socket.socket:
    """Hold a name in this network namespace until closed; OSError while another has it."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind("\0" + name)
    except OSError:
        lock.close()
        raise
    return lock


def _lock(port: int) -> socket.socket | _FileLock | None:
    """A lock on the number, None while somebody else has it."""
    try:
        return abstract_lock(f"udp-harness-port-{port}") if LINUX else _FileLock(port)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EWOULDBLOCK, errno.EACCES):
            return None
        raise RigFault(f"cannot lock port {port}: {error.strerror}") from error


def is_free(family: socket.AddressFamily, port: int) -> bool:
    """Whether a program could bind the port on every address of the family now."""
    return can_bind(family, "::" if family is socket.AF_INET6 else "0.0.0.0", port)  # noqa: S104


class PortPool:
    """The numbers that one run holds. ``close`` gives them back."""

    def __init__(self, draws: Stream) -> None:
        self._draws = draws
        self._locks: dict[int, socket.socket | _FileLock] = {}
        self._untried: Iterator[int] | None = None

    def free(self, family: socket.AddressFamily) -> int:
        """A number that nobody holds or uses; RigFault when there is none left."""
        if self._untried is None:
            self._untried = self._shuffled()
        for port in self._untried:
            if self.take(port):
                if is_free(family, port):
                    return port
                self.give_back(port)
        raise RigFault("every port outside the ephemeral range is taken; see ss -ulpn")

    def take(self, port: int) -> bool:
        """Hold this very number; False while another run of a harness has it."""
        if port in self._locks:
            return False
        lock = _lock(port)
        if lock is None:
            return False
        self._locks[port] = lock
        return True

    def give_back(self, port: int) -> None:
        """Let go of a number."""
        self._locks.pop(port).close()

    def close(self) -> None:
        """Let go of everything."""
        for lock in self._locks.values():
            lock.close()
        self._locks.clear()

    def _shuffled(self) -> Iterator[int]:
        ports = list(candidates(ephemeral_range()))
        start = self._draws.randrange(len(ports))
        return iter(ports[start:] + ports[:start])
