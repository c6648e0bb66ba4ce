"""The datagrams of a trace as a pcapng file, each with its fate as a comment.

Owns the file format (draft-ietf-opsawg-pcapng) and the headers that were never on a wire: IP and
UDP are rebuilt from the trace, with right checksums. What programs sent is on interface ``sent``,
what was handed to a socket on interface ``delivered``. One address stands for a host throughout,
also where a lab shows it differently to each viewer; a name record ties it to the host.

Times are the header's wall time plus the time since zero.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from harness.errors import RigFault
from harness.trace.events import (
    AnyEvent,
    Delivered,
    Dropped,
    Duplicated,
    FateEvent,
    Icmp,
    Sent,
    Trace,
)
from harness.trace.index import TraceIndex
from harness.trace.packets import AddressBook, Endpoint, icmp_packet, udp_packet
from harness.trace.text import datagram, visible, words

LINKTYPE_RAW: Final = 101  # IPv4 or IPv6 by the first nibble; www.tcpdump.org/linktypes.html
SENT, DELIVERED = 0, 1
_SECTION, _INTERFACE, _NAMES, _PACKET = 0x0A0D0D0A, 1, 4, 6
_COMMENT, _IF_NAME, _IF_TSRESOL, _FLAGS = 1, 2, 9, 2
_OUTBOUND, _INBOUND = 2, 1


def write_pcapng(path: Path, trace: Trace) -> None:
    """Write every datagram of ``trace``. Raises RigFault when the path cannot be written."""
    try:
        with path.open("wb") as file:
            for block in blocks(trace):
                file.write(block)
    except OSError as error:
        raise RigFault(f"cannot write {path}: {error.strerror}") from error


def blocks(trace: Trace) -> Iterator[bytes]:
    """The blocks of the file, in order."""
    index = TraceIndex(trace)
    book = AddressBook(trace)
    yield _section(f"{visible(trace.header.scenario)}; seed {trace.header.seed}")
    yield _interface("sent")
    yield _interface("delivered")
    yield _names(book)
    origin_ns = _began_ns(trace)
    for event in trace.events:
        packet = _packet(event, index, book)
        if packet:
            interface = SENT if isinstance(event, Sent) else DELIVERED
            yield _enhanced(interface, max(0, origin_ns + event.t), packet, _comment(event, index))


def _began_ns(trace: Trace) -> int:
    try:
        began = datetime.fromisoformat(trace.header.began)
    except ValueError:
        return 0
    return int(began.timestamp() * 1000) * 1_000_000 if began.tzinfo else 0


def _packet(event: AnyEvent, index: TraceIndex, book: AddressBook) -> bytes:
    if isinstance(event, Sent | Delivered):
        source, target = book.ends(event)
        return udp_packet(source, target, index.payload(event), event.k)
    origin = index.sent(event.of) if isinstance(event, Icmp) else None
    if isinstance(event, Icmp) and origin is not None:
        about = udp_packet(*book.ends(origin), origin.payload, origin.k)
        source, target = book.ends(origin)
        return icmp_packet(event.code, Endpoint(target.address, 0), source, about)
    return b""


def _comment(event: AnyEvent, index: TraceIndex) -> str:
    if isinstance(event, Sent):
        return f"{datagram(event)} {fate_words(event, index.fates(event.n))}"
    if isinstance(event, Icmp):
        return f"{words(event)} at {visible(event.target)} about event {event.of}"
    return f"{datagram(event)} {words(event)}" if isinstance(event, Delivered) else ""


def fate_words(sent: Sent, fates: Sequence[FateEvent]) -> str:
    """What became of a datagram: ``dropped (loss)``, ``delivered after 20.1 ms``."""
    ends = [fate for fate in fates if isinstance(fate, Delivered | Dropped)]
    said = [_end_words(sent, fate) for fate in ends]
    copies = 1 + sum(isinstance(fate, Duplicated) for fate in fates)
    if len(ends) < copies:
        said.append("has no fate in this trace")
    return "; ".join(said)


def _end_words(sent: Sent, fate: Delivered | Dropped) -> str:
    if isinstance(fate, Dropped):
        return words(fate)
    after = f"delivered after {max(0, fate.t - sent.t) / 1e6:.1f} ms"
    changed = ", changed" if fate.payload is not None else ""
    return after + changed + (f" (copy {fate.copy})" if fate.copy else "")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _options(*options: bytes) -> bytes:
    return b"".join(options) + struct.pack("<HH", 0, 0)


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _text(text: str) -> bytes:
    """An option's text; 65,000 bytes are far above what a host's name can make of a comment."""
    return text.encode("utf-8", "replace")[:65_000]


def _section(comment: str) -> bytes:
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    return _block(_SECTION, body + _options(_option(_COMMENT, _text(comment))))


def _interface(name: str) -> bytes:
    options = _options(_option(_IF_NAME, name.encode()), _option(_IF_TSRESOL, b"\x09"))
    return _block(_INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + options)


def _names(book: AddressBook) -> bytes:
    records = b""
    for name, address in book.names():
        kind = 1 if address.version == 4 else 2
        value = address.packed + _text(visible(name)) + b"\0"
        records += struct.pack("<HH", kind, len(value)) + _padded(value)
    return _block(_NAMES, records + struct.pack("<HH", 0, 0))


def _enhanced(interface: int, at_ns: int, packet: bytes, comment: str) -> bytes:
    head = struct.pack(
        "<IIIII", interface, at_ns >> 32, at_ns & 0xFFFFFFFF, len(packet), len(packet)
    )
    direction = struct.pack("<I", _OUTBOUND if interface == SENT else _INBOUND)
    options = _options(_option(_COMMENT, _text(comment)), _option(_FLAGS, direction))
    return _block(_PACKET, head + _padded(packet) + options)
