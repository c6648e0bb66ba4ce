"""Port-unreachable messages of the relay's own making, for where it stands in for a closed port.

Written through a raw socket, which takes CAP_NET_RAW; without it there is no Refuser. Only ever
addressed to a loopback address.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys

UDP = 17
QUOTED_V4 = 548  # RFC 1812, 4.3.2.3: as much of the datagram as fits into 576 bytes
QUOTED_V6 = 1192  # RFC 4443, 2.4 (c): within the minimum MTU of 1280
ICMPV6 = 58
IP_PKTINFO = 8  # linux/in.h


def checksum(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _udp_header(sport: int, dport: int, payload: bytes) -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)


def port_unreachable_v4(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """Type 3 code 3 (RFC 792) about the datagram that went from ``source`` to ``target``."""
    addresses = ipaddress.IPv4Address(source[0]).packed, ipaddress.IPv4Address(target[0]).packed
    head = (0x45, 0, 28 + len(payload), 0, 0, 64, UDP)
    bare = struct.pack("!BBHHHBBH4s4s", *head, 0, *addresses)
    header = struct.pack("!BBHHHBBH4s4s", *head, checksum(bare), *addresses)
    quoted = header + _udp_header(source[1], target[1], payload) + payload
    body = quoted[:QUOTED_V4]
    bare = struct.pack("!BBHI", 3, 3, 0, 0) + body
    return struct.pack("!BBHI", 3, 3, checksum(bare), 0) + body


def port_unreachable_v6(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """Type 1 code 4 (RFC 4443, 3.1); the kernel fills in the checksum (RFC 3542, 3.1)."""
    header = struct.pack(
        "!IHBB16s16s",
        6 << 28,
        8 + len(payload),
        UDP,
        64,
        ipaddress.IPv6Address(source[0]).packed,
        ipaddress.IPv6Address(target[0]).packed,
    )
    quoted = header + _udp_header(source[1], target[1], payload) + payload
    return struct.pack("!BBHI", 1, 4, 0, 0) + quoted[:QUOTED_V6]


class Refuser:
    """Tells senders on this machine that a port is closed."""

    def __init__(self, family: socket.AddressFamily) -> None:
        """PermissionError without CAP_NET_RAW."""
        self._v6 = family is socket.AF_INET6
        protocol = ICMPV6 if self._v6 else socket.IPPROTO_ICMP
        self._socket = socket.socket(family, socket.SOCK_RAW, protocol)
        self._socket.settimeout(0)
        # It only writes: without a buffer the machine's own ICMP does not pile up in it.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    def refuse(self, source: tuple[str, int], target: tuple[str, int], payload: bytes) -> None:
        """Tell ``source`` that nobody listens at ``target``, where it sent ``payload``."""
        make = port_unreachable_v6 if self._v6 else port_unreachable_v4
        message = make(source, target, payload)
        self._socket.sendmsg([message], self._speaking_as(target[0]), 0, (source[0], 0))

    def _speaking_as(self, address: str) -> list[tuple[int, int, bytes]]:
        # The error comes from the closed port's host: ip(7) IP_PKTINFO; ::1 has no choice.
        if self._v6 or not sys.platform.startswith("linux"):
            return []
        info = struct.pack("@i4s4s", 0, ipaddress.IPv4Address(address).packed, bytes(4))
        return [(socket.IPPROTO_IP, IP_PKTINFO, info)]

    def close(self) -> None:
        self._socket.close()


def may_refuse(family: socket.AddressFamily) -> bool:
    """Whether this process may open raw sockets here."""
    try:
        Refuser(family).close()
    except OSError:
        return False
    return True
