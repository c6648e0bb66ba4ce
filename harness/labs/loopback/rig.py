"""Everything that one run consists of, put together and taken apart again.

Undoing is registered on the line after doing; nothing of a run outlives its rig.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from harness.checks.directory import Directory
from harness.clock import Clock
from harness.labs.base import Plan
from harness.labs.command import fresh_run_id
from harness.labs.director import Director
from harness.labs.loopback.addresses import AddressBook, Platform
from harness.labs.loopback.announcer import Announcer
from harness.labs.loopback.closed_fronts import ClosedFronts
from harness.labs.loopback.drops import DropWatch, default_buffer
from harness.labs.loopback.edited import Sources, sources
from harness.labs.loopback.faces import FaceBook
from harness.labs.loopback.icmp import Refuser
from harness.labs.loopback.kernel_sockets import KernelSockets
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.naming import Naming
from harness.labs.loopback.owners import Owners
from harness.labs.loopback.ports import PortPool
from harness.labs.loopback.programs import Programs
from harness.labs.loopback.relay import Relay
from harness.labs.loopback.steps import Observed, Steps
from harness.labs.loopback.waits import CoreWaits
from harness.labs.loopback.weather import Weather
from harness.labs.process import Guardian
from harness.labs.watch import Match, Watch, live_match
from harness.link.fabric import Deciding, Fabric
from harness.rng import Stream, stream
from harness.scenario.model import Send
from harness.trace.log import Log

DESCRIPTORS = 65_536
MOST_SENT = 65_536  # datagrams whose payload a step may still ask for


def raise_descriptor_limit() -> None:
    """Every socket of every program takes one of ours; the soft limit is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Closes(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=Closes)


@dataclass(frozen=True, slots=True)
class Rig:
    """The parts of one run that its phases drive."""

    loop: Loop
    ports: PortPool
    book: FaceBook
    kernel: KernelSockets
    fabric: Deciding
    weather: Weather
    owners: Owners
    drops: DropWatch
    waits: CoreWaits
    relay: Relay
    guardian: Guardian
    programs: Programs
    fronts: ClosedFronts | None
    steps: Steps
    director: Director
    announcer: Announcer


@dataclass(slots=True)
class Builder:
    """Puts a rig together. ``undo`` takes back what was done, in the opposite order;
    ``failed`` is told by the programs when the run cannot go on."""

    plan: Plan
    log: Log
    clock: Clock
    platform: Platform
    raw: bool
    undo: ExitStack
    failed: Callable[[str, str], None]

    def build(self) -> Rig:
        """The rig, with its guardian up and nothing else running."""
        scenario, log = self.plan.scenario, self.log
        loop = self._closing(Loop(self.clock))
        kernel, waits = KernelSockets(), CoreWaits(self.clock)
        announcer = Announcer(log, loop)
        book = self._book(announcer)
        fabric = self._fabric()
        weather = Weather(scenario, fabric)
        guardian = self._guardian()
        naming = Naming(scenario, book)
        programs = Programs(
            scenario, loop, log, guardian, naming, kernel, waits, self._sources(), self.failed
        )
        loop.watch(guardian, programs.serve)
        owners = Owners(kernel, programs.family, scenario.single_hosts)
        drops = DropWatch(kernel, default_buffer())
        relay = Relay(loop, log, book, owners, weather, drops, self._refuser(), waits.latest_ns)
        book.opened, book.closing = relay.attach, relay.detach
        self.undo.callback(book.close)
        fronts = None if self.raw else ClosedFronts(loop, book, relay, weather, kernel)
        match = self._matcher()
        steps = Steps(
            scenario, self.plan.seed, log, relay, book, weather, programs, naming,
            self._observed(match), announcer,
        )  # fmt: skip
        director = Director(scenario, match)
        log.add_sink(director.feed)
        return Rig(
            loop, book.ports, book, kernel, fabric, weather, owners, drops, waits, relay,
            guardian, programs, fronts, steps, director, announcer,
        )  # fmt: skip

    def _stream(self, name: str) -> Stream:
        return stream(self.plan.seed, f"loopback/{name}")

    def _closing(self, thing: C) -> C:
        self.undo.callback(thing.close)
        return thing

    def _book(self, announcer: Announcer) -> FaceBook:
        ports = self._closing(PortPool(self._stream("ports")))
        addresses = self._closing(AddressBook(self.platform, self._stream("addresses")))
        return FaceBook(self.platform, ports, addresses, announcer.face)

    def _fabric(self) -> Deciding:
        fates = self.plan.fates
        return Fabric(self.plan.seed) if fates is None else Fabric.replayed(fates)

    def _refuser(self) -> Refuser | None:
        return self._closing(Refuser(self.platform.family)) if self.raw else None

    def _sources(self) -> Sources:
        folder = Path(self.plan.scenario.path).absolute().parent
        return sources(folder, self.plan.edits, Path(self.plan.folder))

    def _guardian(self) -> Guardian:
        guardian = self._closing(Guardian(fresh_run_id(), self.clock))
        guardian.start()
        raise_descriptor_limit()
        return guardian

    def _matcher(self) -> Match:
        directory = Directory(most_sent=MOST_SENT)
        self.log.add_sink(directory.learn)
        return live_match(self.plan.scenario, directory)

    def _observed(self, match: Match) -> Observed:
        sends = {
            step.index: step.action
            for step in self.plan.scenario.timeline
            if isinstance(step.action, Send)
        }
        copies = [part for send in sends.values() for part in send.payload if part.how == "copy"]
        watches = {
            index: Watch(send.of, match) for index, send in sends.items() if send.of is not None
        }
        observed = Observed(watches, wanted=bool(copies or watches))
        self.log.add_sink(observed.feed)
        return observed
