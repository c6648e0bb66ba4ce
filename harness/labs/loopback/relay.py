"""The way of each datagram: read from a face, given its fates by the link, handed over.

Owns what is under way. Decides nothing itself: the link says what becomes of a copy, the kernel
says whether somebody listens. Each thing that happens is written to the log at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from harness.clock import SECOND_NS
from harness.labs.loopback.drops import DropWatch
from harness.labs.loopback.faces import Endpoint, Face, FaceBook, Place
from harness.labs.loopback.icmp import Refuser
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.owners import Owners, Stranger
from harness.labs.loopback.sockets import Reader, Received, handed_over
from harness.link.fate import Fate, Fates
from harness.trace.events import (
    Corrupted,
    Delivered,
    Dropped,
    Duplicated,
    Icmp,
    Note,
    Sent,
)
from harness.trace.log import Log

DRAIN_BATCHES = 1000  # more than a receive buffer holds
READ_BATCH = 128  # datagrams read from one face before the others and the timers get a turn
IMPLAUSIBLE_NS = 10 * SECOND_NS  # a stamp that far off tells of a stepped wall clock
ICMP_BYTES = 36  # the error's own header and the quoted IP and UDP headers, without the payload


Route = tuple[Endpoint, Face]


class Link(Protocol):
    """What says what becomes of a datagram."""

    def fates(self, source: Endpoint, target: Endpoint, payload_bytes: int, now_ns: int) -> Fates:
        """The fates of a datagram sent now, under the conditions now in force."""
        ...

    def errand(self, source: Endpoint, target: Endpoint, payload_bytes: int, now_ns: int) -> Fates:
        """The same for an ICMP error, which counts for no flow's positions."""
        ...


@dataclass(slots=True)
class Passage:
    """A datagram on its way. ``leaves`` is the face it comes out of, ``origin`` the real source
    (None for a silent host's), ``toward`` where the sender addressed it."""

    number: int
    k: int
    source: Endpoint
    target: Endpoint
    payload: bytes
    leaves: Face
    origin: Place | None
    toward: Place
    stray: bool = False

    words: dict[str, object] = field(init=False)  # the fields that every fate of it carries

    def __post_init__(self) -> None:
        self.words = {
            "source": self.source.host,
            "target": self.target.host,
            "k": self.k,
            "of": self.number,
            "sport": self.source.port,
            "dport": self.target.port,
        }


@dataclass(slots=True)
class Relay:
    """Between all programs of one run. ``refuser`` is None without CAP_NET_RAW."""

    loop: Loop
    log: Log
    book: FaceBook
    owners: Owners
    link: Link
    drops: DropWatch
    refuser: Refuser | None
    waited_ns: Callable[[str], int] = lambda _: 0
    last_ends: dict[str, Endpoint] = field(default_factory=dict)
    in_flight: int = 0
    owed: int = 0
    _end_number: int = 0
    _reader: Reader = field(default_factory=Reader)
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    _routes: dict[tuple[Face, Place], Route] = field(default_factory=dict)
    _strangers: set[Place] = field(default_factory=set)

    def attach(self, face: Face) -> None:
        """Read what arrives on a face's open socket."""
        if face.socket is not None:
            self.loop.watch(face.socket, partial(self.readable, face))

    def detach(self, face: Face) -> None:
        """Read no more from it."""
        if face.socket is not None:
            self.loop.unwatch(face.socket)

    def drain(self) -> None:
        """Take everything that has arrived so far, before the conditions change."""
        now_ns = self.loop.now()
        for face in self.book:
            for _ in range(DRAIN_BATCHES):
                if not self.readable(face, now_ns):
                    break

    def forget_routes(self) -> None:
        """Ask anew who sends from where; after a rebinding, and now and then."""
        self._routes.clear()

    def end_at(self, number: int) -> None:
        """E has come with this event; ``owed`` counts the copies sent before that are under way."""
        self._end_number = number
        self.owed = self.in_flight

    def readable(self, face: Face, limit_ns: int | None = None) -> bool:
        """Take up to a batch of datagrams from a face; whether there may be more.

        With a limit no more than those that were sent by then: a flood never ends.
        """
        clock = self.loop.clock
        now_ns = clock.monotonic_ns()
        offset_ns = clock.wall_ns() - now_ns
        for _ in range(READ_BATCH):
            received = None if face.socket is None else self._reader.read(face.socket)
            if received is None:
                return False
            read_ns = clock.monotonic_ns()
            sent_ns = read_ns
            if received.stamp_ns is not None:
                sent_ns = received.stamp_ns - offset_ns
                if not 0 <= read_ns - sent_ns < IMPLAUSIBLE_NS:
                    sent_ns = read_ns
            self._arrived(face, received, sent_ns, read_ns)
            if limit_ns is not None and sent_ns > limit_ns:
                return False
        return True

    def _arrived(self, face: Face, received: Received, sent_ns: int, read_ns: int) -> None:
        if received.overflow is not None and received.overflow != face.overflow:
            self._overflowed(face, received.overflow, read_ns)
        route = self._routes.get((face, received.source)) or self._route(face, received.source)
        if route is None:
            self._ignored(face, received.source, read_ns)
            return
        source, leaves = route
        leaves.peer = face.end.host
        lag_ns = read_ns - sent_ns + self.waited_ns(source.host)
        self._send(
            source, face.end, received.payload, leaves, sent_ns, lag_ns,
            origin=received.source, toward=face.address, stray=face.stale,
        )  # fmt: skip

    def _route(self, face: Face, source: Place) -> Route | None:
        """Who sent to a face, and the face by which the receiver sees that socket."""
        host = self._sender(face, source)
        if not host:
            return None
        end = self.book.endpoint(host, source)
        route = self._routes[face, source] = (end, self.book.face(end, face.end.host))
        return route

    def speak(self, source: Face, toward: Face, payload: bytes) -> int:
        """Put a silent host's datagram on the wire; the number of its event."""
        now_ns = self.loop.now()
        source.peer = toward.end.host
        return self._send(
            source.end, toward.end, payload, source, now_ns, 0,
            origin=None, toward=toward.address, stray=toward.stale, injected=True,
        )  # fmt: skip

    def _send(
        self,
        source: Endpoint,
        target: Endpoint,
        payload: bytes,
        leaves: Face,
        sent_ns: int,
        lag_ns: int,
        *,
        origin: Place | None,
        toward: Place,
        stray: bool,
        injected: bool = False,
    ) -> int:
        self.last_ends[source.host] = source
        pair = source.host, target.host
        k = self._counts[pair] = self._counts.get(pair, 0) + 1
        number = self.log.add(
            Sent,
            sent_ns,
            lag=lag_ns,
            source=source.host,
            target=target.host,
            k=k,
            payload=payload,
            sport=source.port,
            dport=target.port,
            seen_as=spelled(leaves.address),
            injected=injected,
        )
        passage = Passage(number, k, source, target, payload, leaves, origin, toward, stray)
        for fate in self.link.fates(source, target, len(payload), sent_ns):
            self._begin(passage, fate, sent_ns)
        return number

    def _begin(self, passage: Passage, fate: Fate, sent_ns: int) -> None:
        if fate.copy:
            self.log.add(Duplicated, sent_ns, copy=fate.copy, **passage.words)
        if fate.bit >= 0 or fate.drop == "corrupt":
            self.log.add(Corrupted, sent_ns, copy=fate.copy, bit=fate.bit, **passage.words)
        self.in_flight += 1
        if fate.at_ns <= self.loop.now():
            self._end(passage, fate, fate.at_ns)
        else:
            self.loop.at(fate.at_ns, partial(self._end, passage, fate))

    def _end(self, passage: Passage, fate: Fate, due_ns: int) -> None:
        self.in_flight -= 1
        if passage.number < self._end_number:
            self.owed -= 1
        if fate.drop is not None:
            self._dropped(passage, fate, due_ns, fate.drop)
        elif passage.stray:
            self._dropped(passage, fate, due_ns, "nat")
        elif passage.target.real is None:
            self._delivered(passage, fate, due_ns)
        else:
            self._hand_over(passage, fate, due_ns, passage.target.real)

    def _hand_over(self, passage: Passage, fate: Fate, due_ns: int, place: Place) -> None:
        payload = flipped(passage.payload, fate.bit)
        uncertain = self.drops.before(place, len(payload))
        try:
            heard = handed_over(self.book.open_again(passage.leaves), payload, place)
        except OSError as error:
            text = f"the relay could not hand a datagram to {passage.target.host}: {error}"
            self.log.add(Note, self.loop.now(), text=text, fault="rig", host=passage.target.host)
            heard = False
        if not heard:
            self._dropped(passage, fate, due_ns, "nobody")
            self._refuse(passage)
        elif uncertain and self.drops.lost(place):
            self._dropped(passage, fate, due_ns, "buffer")
        else:
            self._delivered(passage, fate, due_ns)

    def _delivered(self, passage: Passage, fate: Fate, due_ns: int) -> None:
        now_ns = self.loop.now()
        changed = None if fate.bit < 0 else flipped(passage.payload, fate.bit)
        lag_ns = max(0, now_ns - due_ns)
        self.log.add(
            Delivered, now_ns, lag=lag_ns, copy=fate.copy, payload=changed, **passage.words
        )

    def _dropped(self, passage: Passage, fate: Fate, due_ns: int, reason: str) -> None:
        now_ns = self.loop.now()
        lag_ns = max(0, now_ns - due_ns)
        self.log.add(Dropped, now_ns, lag=lag_ns, reason=reason, copy=fate.copy, **passage.words)

    def _refuse(self, passage: Passage) -> None:
        """Send the closed port's answer back through the link."""
        if self.refuser is None and passage.origin is not None:
            return
        size = ICMP_BYTES + min(len(passage.payload), 512)
        now_ns = self.loop.now()
        for fate in self.link.errand(passage.target, passage.source, size, now_ns):
            if fate.drop is None:
                self.loop.at(fate.at_ns, partial(self._refused, passage))

    def _refused(self, passage: Passage, due_ns: int) -> None:
        if self.refuser is not None and passage.origin is not None:
            try:
                self.refuser.refuse(passage.origin, passage.toward, passage.payload)
            except OSError as error:
                text = f"the relay could not write a port-unreachable: {error}"
                self.log.add(Note, self.loop.now(), text=text, fault="rig")
                return
        now_ns = self.loop.now()
        self.log.add(
            Icmp,
            now_ns,
            lag=max(0, now_ns - due_ns),
            source=passage.target.host,
            target=passage.source.host,
            code="port-unreachable",
            of=passage.number,
            sport=passage.target.port,
            dport=passage.source.port,
        )

    def _sender(self, face: Face, source: Place) -> str:
        """The host whose program sent to a face, empty when it is none of this run's."""
        owner = self.owners.owner(source, face.viewer)
        if not isinstance(owner, Stranger):
            return owner
        if owner is Stranger.FOREIGN:
            return ""
        # A program may send and be gone before we look. Its face was shown to one viewer only,
        # or the answer to a client's socket comes from the one that the client spoke to.
        return face.viewer or self.owners.known(source) or face.peer

    def _ignored(self, face: Face, source: Place, now_ns: int) -> None:
        if source in self._strangers:
            return
        self._strangers.add(source)
        text = (
            f"ignored a datagram from {spelled(source)} to {spelled(face.address)}:"
            " its sender belongs to no program of this run"
        )
        self.log.add(Note, now_ns, text=text)

    def _overflowed(self, face: Face, overflow: int, now_ns: int) -> None:
        lost = (overflow - face.overflow) & 0xFFFFFFFF
        face.overflow = overflow
        text = f"the relay's own buffer lost {lost} datagrams to {face.end.host}"
        self.log.add(Note, now_ns, text=text, fault="rig", host=face.end.host)


def spelled(place: Place) -> str:
    """``address:port``, an IPv6 address in brackets."""
    address, port = place
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def flipped(payload: bytes, bit: int) -> bytes:
    """The payload with one bit inverted; bit 0 is the lowest of the first byte; -1 for none."""
    if bit < 0:
        return payload
    changed = bytearray(payload)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
