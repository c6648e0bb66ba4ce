"""How large the receive buffer of each UDP socket is, asked of the kernel by sock_diag(7).

Where the kernel cannot be asked (another system, no ``udp_diag``) nothing is known of any socket.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator, Mapping

# linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
INET_DIAG_SKMEMINFO = 7
SK_MEMINFO_RCVBUF = 1
ALL_STATES = 0xFFFFFFFF

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
_ATTRIBUTE = struct.Struct("=HH")
_INODE_AT, _ATTRIBUTES_AT = 68, 72  # in struct inet_diag_msg, behind it
PATIENCE_S = 1.0  # the kernel answers within the call


def buffer_sizes() -> Mapping[int, int]:
    """The limit in bytes of each receive buffer, by the inode of its socket; perhaps none."""
    if not hasattr(socket, "AF_NETLINK"):
        return {}
    sizes: dict[int, int] = {}
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
            kernel.settimeout(PATIENCE_S)
            for family in (socket.AF_INET, socket.AF_INET6):
                sizes.update(_dump(kernel, family))
    except OSError:
        return {}
    return sizes


def _dump(kernel: socket.socket, family: int) -> Iterator[tuple[int, int]]:
    asked = 1 << (INET_DIAG_SKMEMINFO - 1)
    request = _REQUEST.pack(family, socket.IPPROTO_UDP, asked, 0, ALL_STATES)
    size, flags = _HEADER.size + len(request), NLM_F_REQUEST | NLM_F_DUMP
    kernel.send(_HEADER.pack(size, SOCK_DIAG_BY_FAMILY, flags, 1, 0) + request)
    while True:
        for kind, body in _messages(kernel.recv(1 << 16)):
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                raise OSError("the kernel cannot be asked for its UDP sockets")
            limit = _limit(body[_ATTRIBUTES_AT:])
            if limit is not None:
                yield int.from_bytes(body[_INODE_AT:_ATTRIBUTES_AT], sys.byteorder), limit


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        size, kind, *_ = _HEADER.unpack_from(data)
        yield kind, data[_HEADER.size : size]
        data = data[_aligned(size) :]


def _limit(attributes: bytes) -> int | None:
    while len(attributes) >= _ATTRIBUTE.size:
        size, kind = _ATTRIBUTE.unpack_from(attributes)
        if kind == INET_DIAG_SKMEMINFO:
            words = struct.unpack_from("=2I", attributes, _ATTRIBUTE.size)
            return int(words[SK_MEMINFO_RCVBUF])
        attributes = attributes[_aligned(max(size, 1)) :]
    return None


def _aligned(size: int) -> int:
    return (size + 3) & ~3
