"""Without CAP_NET_RAW: faces are open only while somebody listens behind them.

The relay cannot write an ICMP error then, but the kernel can: what is sent to a closed face is
refused at once, as by a closed port. A face stays open while a ``cut`` step takes what is sent to
it, because a black hole tells nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.clock import MILLISECOND_NS
from harness.errors import RigFault
from harness.labs.loopback.faces import Face, FaceBook
from harness.labs.loopback.kernel_sockets import KernelSockets
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.relay import Relay
from harness.labs.loopback.weather import Weather
from harness.trace.events import Unseen

POLL_NS = 5 * MILLISECOND_NS


@dataclass(slots=True)
class ClosedFronts:
    """Opens and closes the faces of one run as the programs' sockets come and go."""

    loop: Loop
    book: FaceBook
    relay: Relay
    weather: Weather
    kernel: KernelSockets
    on: bool = field(default=False)
    _shut: set[tuple[str, int]] = field(default_factory=set)

    def start(self) -> None:
        """Follow the sockets from now on."""
        self.on = True
        self._poll(0)

    def stop(self) -> None:
        """Leave every face as it is."""
        self.on = False

    def look(self) -> None:
        """Open and close what should be now, and say what is not seen meanwhile."""
        places = {face.end.real for face in self.book if face.end.real is not None}
        taken = self.kernel.taken(places)
        for face in self.book:
            if face.end.real is None:
                continue
            if face.end.real in taken or self._is_cut(face):
                self._open(face)
            elif face.socket is not None:
                self.relay.readable(face)
                self.book.shut(face)
        self._tell()

    def _tell(self) -> None:
        """Where a served port has a closed face, what is sent to it goes unseen."""
        served = [face for face in self.book if face.end.served]
        shut = {(face.end.host, face.end.port) for face in served if face.socket is None}
        changed = [(end, True) for end in shut - self._shut]
        changed += [(end, False) for end in self._shut - shut]
        for (host, port), on in sorted(changed):
            self.relay.log.add(Unseen, self.loop.now(), host=host, port=port, on=on)
        self._shut = shut

    def _poll(self, _: int) -> None:
        if self.on:
            self.look()
            self.loop.at(self.loop.now() + POLL_NS, self._poll)

    def _open(self, face: Face) -> None:
        try:
            self.book.open_again(face)
        except RigFault:
            # Somebody has taken the number meanwhile; it stays closed, which is what it was.
            return

    def _is_cut(self, face: Face) -> bool:
        viewers = [face.viewer] if face.viewer else [*self.book.hosts]
        return any(
            self.weather.is_cut(viewer, face.end.host, 0, face.end.port) for viewer in viewers
        )
