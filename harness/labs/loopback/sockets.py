"""The relay's own sockets: how they are opened, read and written.

Knows socket options and ancillary data; knows nothing of hosts, links or events. What a system
does not offer (kernel time stamps, overflow counts, queued errors) is left out there and said in
``Received`` by its absence.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from typing import NamedTuple

from harness.clock import SECOND_NS
from harness.errors import RigFault

LINUX = sys.platform.startswith("linux")
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
SO_RXQ_OVFL = 40
SO_RCVBUFFORCE = 33
IP_RECVERR = 11  # linux/in.h
IPV6_RECVERR = 25  # linux/in6.h
RCVBUF_BYTES = 8 * 1024 * 1024
MAX_PAYLOAD = 65535
ANCILLARY_BYTES = 256
_STAMP = struct.Struct("@qq")
_COUNT = struct.Struct("@I")


class Received(NamedTuple):
    """One datagram as the kernel handed it over.

    ``stamp_ns`` is its arrival in wall time, None without kernel stamps; ``overflow`` the number
    of datagrams that our full buffer has lost so far, None while there are none.
    """

    payload: bytes
    source: tuple[str, int]
    stamp_ns: int | None
    overflow: int | None


def open_socket(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """A non-blocking socket bound there, with a large buffer; RigFault when it cannot be had."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(0)
    try:
        _prepare(sock, family)
        sock.bind((address, port))
    except OSError as error:
        sock.close()
        raise RigFault(f"cannot open {address} port {port}: {error.strerror}") from error
    return sock


def can_bind(family: socket.AddressFamily, address: str, port: int = 0) -> bool:
    """Whether a socket can be bound there now."""
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((address, port))
        except OSError:
            return False
    return True


def _prepare(sock: socket.socket, family: socket.AddressFamily) -> None:
    if not LINUX:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF_BYTES // 8)
        return
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RCVBUF_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
    if family is socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


class Reader:
    """Reads datagrams into one buffer that is used again and again."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(MAX_PAYLOAD))

    def read(self, sock: socket.socket) -> Received | None:
        """The next datagram, None when there is none for now."""
        try:
            size, ancillary, _, source = sock.recvmsg_into([self._buffer], ANCILLARY_BYTES)
        except BlockingIOError:
            return None
        except ConnectionError:  # a queued error of an earlier sending; see handed_over
            drain_errors(sock)
            return self.read(sock)
        stamp_ns = overflow = None
        for _, kind, data in ancillary:
            if kind == SO_TIMESTAMPNS:
                seconds, rest = _STAMP.unpack_from(data)
                stamp_ns = seconds * SECOND_NS + rest
            elif kind == SO_RXQ_OVFL:
                overflow = _COUNT.unpack_from(data)[0]
        return Received(bytes(self._buffer[:size]), source[:2], stamp_ns, overflow)


def drain_errors(sock: socket.socket) -> int:
    """Empty the error queue, which is charged to the receive buffer; how many there were."""
    if not LINUX:
        return 0
    count = 0
    sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    while True:
        try:
            sock.recvmsg(0, ANCILLARY_BYTES, socket.MSG_ERRQUEUE)
        except OSError:
            return count
        count += 1


def handed_over(sock: socket.socket, payload: bytes, target: tuple[str, int]) -> bool:
    """Hand a payload to the socket bound at ``target``; False when there is none.

    On loopback the kernel makes its port-unreachable before ``sendto`` returns, and with
    IP_RECVERR an unconnected socket learns of it (ip(7)). An OSError that is no refusal is ours.
    """
    if not LINUX and can_bind(sock.family, *target):
        return False
    try:
        sock.sendto(payload, target)
    except ConnectionError:  # left by an earlier sending whose error came late
        drain_errors(sock)
        sock.sendto(payload, target)
    if not LINUX:
        return True
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error == 0:
        return True
    drain_errors(sock)
    return error != errno.ECONNREFUSED
