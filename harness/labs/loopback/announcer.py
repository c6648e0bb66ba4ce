"""Tells the log how hosts see one another: an ``address`` event for what comes into sight."""

from __future__ import annotations

from dataclasses import dataclass

from harness.labs.loopback.faces import Endpoint, Face
from harness.labs.loopback.loop import Loop
from harness.trace.events import Address
from harness.trace.log import Log


@dataclass(frozen=True, slots=True)
class Announcer:
    """Writes the addresses of one run."""

    log: Log
    loop: Loop

    def host(self, host: str, address: str, loopback: str, viewers: tuple[str, ...]) -> None:
        """The host has this address for everybody but itself."""
        for viewer in viewers:
            seen = loopback if viewer == host else address
            self.log.add(Address, self.loop.now(), viewer=viewer, host=host, address=seen)

    def face(self, face: Face) -> None:
        """A viewer sees a served port by a new face."""
        if face.end.served:
            self._port(face.viewer, face.end, face.address[0], face.address[1])

    def own(self, end: Endpoint) -> None:
        """A program sees its own port where it binds."""
        if end.real is not None:
            self._port(end.host, end, *end.real)

    def _port(self, viewer: str, end: Endpoint, address: str, number: int) -> None:
        self.log.add(
            Address,
            self.loop.now(),
            viewer=viewer,
            host=end.host,
            address=address,
            port=end.port,
            number=number,
        )
