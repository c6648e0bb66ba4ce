"""IP packets rebuilt from a trace: one address a host, headers with right checksums.

Owns bytes only; which packets there are and what is said of them is the caller's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from harness.trace.events import Address, DatagramEvent, Sent, Trace

IP = IPv4Address | IPv6Address
UDP, ICMP, ICMP6 = 17, 1, 58
MAX_PAYLOAD: Final = 65_507  # what an IPv4 total length of 65,535 leaves
_TTL: Final = 64
_V4_BASE: Final = int(IPv4Address("10.0.0.0"))
_V6_BASE: Final = int(IPv6Address("fd00::"))

# RFC 792 and RFC 1191; RFC 4443. Type and code for IPv4 and IPv6.
_ICMP: Final = {
    "port-unreachable": ((3, 3), (1, 4)),
    "host-unreachable": ((3, 1), (1, 3)),
    "fragmentation-needed": ((3, 4), (2, 0)),
    "ttl-exceeded": ((11, 0), (3, 0)),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a datagram."""

    address: IP
    port: int


class AddressBook:
    """One address for each host: the first that another saw it at, where those are distinct;
    else 10.0.0.N (fd00::N), by order of appearance."""

    def __init__(self, trace: Trace) -> None:
        self._hosts: dict[str, int] = {}
        seen: dict[str, IP] = {}
        for name, address in _sightings(trace):
            self._meet(name)
            if address is not None:
                seen.setdefault(name, address)
        self._family = next((address.version for address in seen.values()), 4)
        distinct = len(set(seen.values())) == len(seen)
        self._seen = seen if distinct else {}

    def _meet(self, name: str) -> None:
        if literal(name) is None:
            self._hosts.setdefault(name, len(self._hosts) + 1)

    def ends(self, event: DatagramEvent) -> tuple[Endpoint, Endpoint]:
        """Source and target; both of one family, that of a literal end where there is one."""
        ends = [literal(event.source), literal(event.target)]
        family = next((end.address.version for end in ends if end), self._family)
        source = ends[0] or Endpoint(self._of(event.source, family), _source_port(event))
        target = ends[1] or Endpoint(self._of(event.target, family), event.dport)
        if source.address.version != target.address.version:  # two literals at odds
            source = Endpoint(_numbered(0, target.address.version), source.port)
        return source, Endpoint(target.address, target.port or event.dport)

    def _of(self, name: str, family: int) -> IP:
        seen = self._seen.get(name)
        if seen is not None and seen.version == family:
            return seen
        return _numbered(self._hosts.get(name, 0), family)

    def names(self) -> Iterator[tuple[str, IP]]:
        """Each host with the address that stands for it."""
        return ((name, self._of(name, self._family)) for name in self._hosts)


def _sightings(trace: Trace) -> Iterator[tuple[str, IP | None]]:
    """Every mention of a host, with the address that another sees it at where it is told."""
    for event in trace.events:
        if isinstance(event, Address) and event.viewer != event.host:
            yield event.host, parsed(event.address)
        elif isinstance(event, Sent):
            seen = literal(event.seen_as)
            yield event.source, seen.address if seen else None
            yield event.target, None


def _source_port(event: DatagramEvent) -> int:
    """The scenario's port, or for a socket that has none there, the one that was seen."""
    seen = literal(event.seen_as) if isinstance(event, Sent) and not event.sport else None
    return seen.port if seen else event.sport


def _numbered(number: int, family: int) -> IP:
    return IPv4Address(_V4_BASE + number) if family == 4 else IPv6Address(_V6_BASE + number)


def parsed(text: str) -> IP | None:
    """An address, None where the text is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address


def literal(text: str) -> Endpoint | None:
    """``224.0.0.251:5353``, ``[ff02::fb]:5353`` or a bare address; None for a host's name."""
    bare = parsed(text.strip("[]"))
    if bare is not None:
        return Endpoint(bare, 0)
    host, _, port = text.rpartition(":")
    address = parsed(host.strip("[]"))
    usable = port.isascii() and port.isdigit() and int(port) < 1 << 16
    return Endpoint(address, int(port)) if address is not None and usable else None


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_packet(source: Endpoint, target: Endpoint, payload: bytes, number: int) -> bytes:
    """An IP packet with one UDP datagram; ``number`` becomes the IPv4 identification."""
    data = payload[:MAX_PAYLOAD]
    ports = (source.port & 0xFFFF, target.port & 0xFFFF, len(data) + 8)
    bare = struct.pack(">HHHH", *ports, 0) + data
    total = checksum(_pseudo(source.address, target.address, UDP, len(bare)) + bare) or 0xFFFF
    whole = struct.pack(">HHHH", *ports, total) + data
    return _ip(source.address, target.address, UDP, whole, number)


def icmp_packet(code: str, source: Endpoint, target: Endpoint, about: bytes) -> bytes:
    """An ICMP error about the packet ``about``; empty for a code that is not in the vocabulary."""
    if code not in _ICMP:
        return b""
    v6 = source.address.version == 6
    kind, number = _ICMP[code][v6]
    body = about[: 1232 if v6 else 548]  # RFC 4443 section 2.4(c), RFC 1812 section 4.3.2.3
    bare = struct.pack(">BBHI", kind, number, 0, 0) + body
    protocol = ICMP6 if v6 else ICMP
    pseudo = _pseudo(source.address, target.address, protocol, len(bare)) if v6 else b""
    whole = struct.pack(">BBHI", kind, number, checksum(pseudo + bare), 0) + body
    return _ip(source.address, target.address, protocol, whole, 0)


def _pseudo(source: IP, target: IP, protocol: int, length: int) -> bytes:
    form = ">BBH" if source.version == 4 else ">IHBB"
    tail = (0, protocol, length) if source.version == 4 else (length, 0, 0, protocol)
    return source.packed + target.packed + struct.pack(form, *tail)


def _ip(source: IP, target: IP, protocol: int, body: bytes, number: int) -> bytes:
    if source.version == 6:
        head = struct.pack(">IHBB", 6 << 28, len(body), protocol, _TTL)
        return head + source.packed + target.packed + body
    fields = (0x45, 0, 20 + len(body), number & 0xFFFF, 0, _TTL, protocol)
    ends = source.packed + target.packed
    total = checksum(struct.pack(">BBHHHBBH", *fields, 0) + ends)
    return struct.pack(">BBHHHBBH", *fields, total) + ends + body
