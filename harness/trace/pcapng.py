"""Packets of a trace as pcapng, each with its fate as a comment.

Format: draft-ietf-opsawg-pcapng. Interface 0 shows what was sent, interface 1 what was delivered;
times are the trace's, in nanoseconds. Programs on loopback never exchanged these very IP packets,
so headers are made up from the addresses that the receivers saw, with right lengths and checksums.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from harness.errors import RigFault
from harness.trace.events import Corrupted, Delivered, Dropped, Duplicated, Header, Sent, Trace

LINKTYPE_RAW: Final = 101  # IPv4 or IPv6 without a link header
_BYTE_ORDER: Final = 0x1A2B3C4D
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_OPT_COMMENT, _IF_NAME, _IF_TSRESOL, _SHB_USERAPPL = 1, 2, 9, 4
_UDP: Final = 17


def write_pcapng(path: Path, trace: Trace) -> None:
    """Write the whole capture. Raises RigFault when the path cannot be written."""
    try:
        with path.open("wb") as file:
            for block in blocks(trace):
                file.write(block)
    except OSError as error:
        raise RigFault(f"cannot write {path}: {error.strerror}") from error


def blocks(trace: Trace) -> Iterator[bytes]:
    """The blocks of the file, one after the other."""
    yield _section(trace.header)
    for name in ("sent", "delivered"):
        yield _interface(name)
    fates = _fates(trace)
    sent: dict[int, Sent] = {}
    first_ns = trace.events[0].t if trace.events else 0
    for event in trace.events:
        if isinstance(event, Sent):
            sent[event.n] = event
            fate = fates.get(event.n, "in flight")
            yield _packet(0, event.t - first_ns, event, event.payload, fate)
        elif isinstance(event, Delivered) and event.of in sent:
            origin = sent[event.of]
            payload = origin.payload if event.payload is None else event.payload
            note = f"copy {event.copy}" if event.copy else "delivered"
            yield _packet(1, event.t - first_ns, origin, payload, note)


def _fates(trace: Trace) -> Mapping[int, str]:
    words: dict[int, list[str]] = {}
    for event in trace.events:
        match event:
            case Delivered():
                words.setdefault(event.of, []).append("delivered")
            case Dropped():
                words.setdefault(event.of, []).append(f"dropped ({event.reason})")
            case Duplicated():
                words.setdefault(event.of, []).append("duplicated")
            case Corrupted():
                words.setdefault(event.of, []).append("corrupted")
            case _:
                pass
    return {number: ", ".join(fate) for number, fate in words.items()}


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _section(header: Header) -> bytes:
    about = f"{header.scenario} · lab {header.lab} · seed {header.seed}"
    options = _option(_OPT_COMMENT, about.encode()) + _option(_SHB_USERAPPL, b"harness")
    body = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + options + _option(0, b"")
    return _block(_SECTION, body)


def _interface(name: str) -> bytes:
    options = _option(_IF_NAME, name.encode()) + _option(_IF_TSRESOL, b"\x09") + _option(0, b"")
    return _block(_INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + options)


def _packet(interface: int, at_ns: int, event: Sent, payload: bytes, note: str) -> bytes:
    data = _ip(event, payload)
    comment = f"{event.source}->{event.target} #{event.k} {note}".encode()
    at_ns = max(0, at_ns)
    head = struct.pack(
        "<IIIII", interface, at_ns >> 32, at_ns & 0xFFFFFFFF, len(data), len(data)
    )
    body = head + data + bytes(-len(data) % 4) + _option(_OPT_COMMENT, comment) + _option(0, b"")
    return _block(_PACKET, body)


def _endpoints(event: Sent) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    host, _, port = event.seen_as.rpartition(":")
    try:
        return ipaddress.ip_address(host.strip("[]")), int(port)
    except ValueError:
        return ipaddress.ip_address("0.0.0.0"), event.sport  # noqa: S104 (not seen: no address)


def _ip(event: Sent, payload: bytes) -> bytes:
    source, sport = _endpoints(event)
    six = source.version == 6
    target = ipaddress.ip_address("::1" if six else "127.0.0.1")
    ends = source.packed + target.packed
    udp = struct.pack("!HHHH", sport, event.dport & 0xFFFF, len(payload) + 8, 0) + payload
    pseudo = struct.pack("!II" if six else "!HH", *((len(udp), _UDP) if six else (_UDP, len(udp))))
    total = _checksum(ends + pseudo + udp) or 0xFFFF  # RFC 768: 0 means no checksum
    udp = udp[:6] + struct.pack("!H", total) + udp[8:]
    if six:
        return struct.pack("!IHBB", 6 << 28, len(udp), _UDP, 64) + ends + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, len(udp) + 20, event.k & 0xFFFF, 0, 64, _UDP, 0)
    check = struct.pack("!H", _checksum(head + ends))
    return head[:10] + check + ends + udp


def _checksum(data: bytes) -> int:
    """The Internet checksum, RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
