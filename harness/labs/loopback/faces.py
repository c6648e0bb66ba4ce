"""Which socket of the relay stands for which socket of a host, and for whom.

An :class:`Endpoint` is a socket of a program (or the place of a silent host). A :class:`Face` is
a socket of the relay that stands for an endpoint: what arrives on it is meant for the endpoint,
and what the endpoint sends leaves from it. A served port has a face for each viewer, so that the
sender of a datagram is known by where it arrives; any other socket of a program has one face for
all, as one behind an endpoint-independent NAT (RFC 4787, 4.1) has one mapping.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from harness.errors import RigFault
from harness.labs.loopback.addresses import AddressBook, Platform
from harness.labs.loopback.ports import PortPool
from harness.labs.loopback.sockets import open_socket

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A socket of a host.

    ``port`` is the scenario's number of a served port, else the real one. ``real`` is where the
    program has it, None for a silent host's, which is the relay's own.
    """

    host: str
    port: int
    real: Place | None
    served: bool = False


@dataclass(slots=True, eq=False)
class Face:
    """A socket of the relay. ``viewer`` is empty where it is the same for all.

    ``socket`` is None while the face is kept closed. ``stale`` says that a rebinding has put
    another in its place. ``peer`` is the host it last spoke to.
    """

    end: Endpoint
    viewer: str
    address: Place
    socket: socket.socket | None
    stale: bool = False
    peer: str = ""
    overflow: int = 0


@dataclass(slots=True)
class FaceBook:
    """Every endpoint and every face of a run.

    ``shown`` is told of each face that a first use or a rebinding brings into sight; ``opened``
    and ``closing`` of each socket that comes and goes.
    """

    platform: Platform
    ports: PortPool
    addresses: AddressBook
    shown: Callable[[Face], None]
    opened: Callable[[Face], None] = lambda _: None
    closing: Callable[[Face], None] = lambda _: None
    hosts: dict[str, str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    _served: dict[tuple[str, int], Endpoint] = field(default_factory=dict)
    _numbers: dict[tuple[str, int], Endpoint] = field(default_factory=dict)
    _quiet: dict[str, Face] = field(default_factory=dict)
    _faces: dict[tuple[str, int, bool, str], Face] = field(default_factory=dict)
    _stale: list[Face] = field(default_factory=list)

    def admit(self, host: str, *, silent: bool) -> None:
        """Give the host its address."""
        self.hosts[host] = self.addresses.next()
        if silent:
            self.silent.add(host)

    def serve(self, host: str, port: int, number: int, *, ours: bool) -> Endpoint:
        """Say that the host serves the scenario's ``port`` under ``number`` on this machine.

        ``ours``: a silent host speaks from it, so the relay itself listens there. Another port of
        a silent host is one where nothing listens.
        """
        real = None if ours else (self.platform.loopback, number)
        end = Endpoint(host, port, real, served=True)
        self._served[host, port] = end
        self._numbers[host, number] = end
        return end

    def served(self, host: str, port: int) -> Endpoint | None:
        """The endpoint of a served port, None when nothing serves it."""
        return self._served.get((host, port))

    def served_ports(self) -> tuple[Endpoint, ...]:
        """Every served port, in the order in which they were named."""
        return tuple(self._served.values())

    def endpoint(self, host: str, source: Place) -> Endpoint:
        """The endpoint from which a program of the host sent."""
        served = self._numbers.get((host, source[1]))
        return served or Endpoint(host, source[1], source)

    def face(self, end: Endpoint, viewer: str) -> Face:
        """How ``viewer`` sees the endpoint; opened when it is first needed."""
        key = (end.host, end.port, end.served, viewer if end.served else "")
        face = self._faces.get(key)
        if face is None:
            face = self._faces[key] = self._open(end, key[3])
            self.shown(face)
        return face

    def quiet_face(self, host: str) -> Face:
        """The socket from which a silent host speaks when no port is named."""
        face = self._quiet.get(host)
        if face is None:
            face = self._open(Endpoint(host, 0, None), "")
            face.end = Endpoint(host, face.address[1], None)
            self._quiet[host] = face
            self._faces[host, face.end.port, False, ""] = face
            self.shown(face)
        return face

    def rebind(self, host: str, *, address: bool) -> None:
        """Give every face of the host a successor; the old ones stay open and are stale."""
        if address:
            self.hosts[host] = self.addresses.next()
        for key, face in list(self._faces.items()):
            if key[0] != host:
                continue
            face.stale = True
            self._stale.append(face)
            del self._faces[key]
            if face.end.served:
                self.face(face.end, face.viewer)
        self._quiet.pop(host, None)

    def open_again(self, face: Face) -> socket.socket:
        """The face's socket, opened anew where it was kept closed."""
        if face.socket is None:
            face.socket = open_socket(self.platform.family, *face.address)
            self.opened(face)
        return face.socket

    def shut(self, face: Face) -> None:
        """Keep the face closed, so that the kernel refuses what is sent to it."""
        if face.socket is not None:
            self.closing(face)
            face.socket.close()
            face.socket = None

    def __iter__(self) -> Iterator[Face]:
        return iter(tuple(self._faces.values()))

    def close(self) -> None:
        """Close every socket."""
        for face in (*self._faces.values(), *self._stale):
            self.shut(face)
        self._faces.clear()
        self._stale.clear()

    def _open(self, end: Endpoint, viewer: str) -> Face:
        number = self.ports.free(self.platform.family) if end.served else 0
        sock = open_socket(self.platform.family, self.hosts[end.host], number)
        address = sock.getsockname()[:2]
        face = Face(end, viewer, address, sock)
        try:
            self.opened(face)
        except OSError as error:
            sock.close()
            raise RigFault(f"cannot watch {address}: {error.strerror}") from error
        return face
