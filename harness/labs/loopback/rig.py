"""Everything that one run consists of, put together and taken apart again.

Undoing is registered on the line after doing; nothing of a run outlives its rig.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.checks.directory import Directory
from harness.clock import Clock
from harness.labs.base import Plan
from harness.labs.command import fresh_run_id
from harness.labs.director import Director
from harness.labs.loopback.addresses import AddressBook, Platform
from harness.labs.loopback.closed_fronts import ClosedFronts
from harness.labs.loopback.drops import DropWatch, default_buffer
from harness.labs.loopback.edited import Sources, sources
from harness.labs.loopback.faces import Face, FaceBook
from harness.labs.loopback.icmp import Refuser
from harness.labs.loopback.kernel_sockets import KernelSockets
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.naming import Naming, member_host
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
from harness.rng import stream
from harness.scenario.model import Scenario, Send
from harness.trace.events import Address
from harness.trace.log import Log

DESCRIPTORS = 65_536


def raise_descriptor_limit() -> None:
    """Every socket of every program takes one of ours; the soft limit is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass(slots=True)
class Rig:
    """The parts of one run."""

    platform: Platform
    loop: Loop
    log: Log
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


@dataclass(slots=True)
class Builder:
    """Puts a rig together. ``undo`` takes back what was done, in the opposite order."""

    plan: Plan
    log: Log
    clock: Clock
    platform: Platform
    raw: bool
    undo: ExitStack
    failed: Callable[[str, str], None]

    def build(self) -> Rig:
        """The rig, with its guardian up and nothing else running."""
        scenario = self.plan.scenario
        loop = self._closing(Loop(self.clock))
        ports = self._closing(PortPool(self._stream("ports")))
        addresses = self._closing(AddressBook(self.platform, self._stream("addresses")))
        kernel = KernelSockets()
        weather = Weather(scenario, self._fabric())
        waits = CoreWaits(self.clock)
        book = FaceBook(self.platform, ports, addresses, _unset, _unset, self._shown)
        naming = Naming(scenario, book)
        guardian = self._guardian(loop)
        programs = Programs(
            scenario, loop, self.log, guardian, naming, kernel, waits, self._sources(), self.failed
        )
        owners = Owners(kernel, programs.family, scenario.single_hosts)
        drops = DropWatch(kernel, default_buffer())
        refuser = self._closing(Refuser(self.platform.family)) if self.raw else None
        relay = Relay(
            loop, self.log, book, owners, weather, drops, refuser, waits.latest_ns
        )
        book.opened, book.closing = relay.attach, relay.detach
        self.undo.callback(book.close)
        fronts = None if self.raw else ClosedFronts(loop, book, relay, weather, kernel)
        match = self._matcher()
        observed = observing(scenario, match)
        self.log.add_sink(observed.feed)
        steps = Steps(
            scenario, self.plan.seed, self.log, relay, book, weather, programs, naming, observed
        )
        director = Director(scenario, match)
        self.log.add_sink(director.feed)
        loop.watch(guardian, programs.serve)
        return Rig(
            self.platform, loop, self.log, ports, book, kernel, weather.fabric, weather, owners,
            drops, waits, relay, guardian, programs, fronts, steps, director,
        )  # fmt: skip

    def _stream(self, name: str) -> Stream:
        return stream(self.plan.seed, f"loopback/{name}")

    def _closing(self, thing: C) -> C:
        self.undo.callback(thing.close)
        return thing

    def _fabric(self) -> Deciding:
        fates = self.plan.fates
        return Fabric(self.plan.seed) if fates is None else Fabric.replayed(fates)

    def _sources(self) -> Sources:
        folder = Path(self.plan.scenario.path).absolute().parent
        return sources(folder, self.plan.edits, Path(self.plan.folder))

    def _guardian(self, loop: Loop) -> Guardian:
        guardian = Guardian(fresh_run_id(), self.clock)
        self.undo.callback(guardian.close)
        guardian.start()
        raise_descriptor_limit()
        return guardian

    def _matcher(self) -> Match:
        directory = Directory()
        self.log.add_sink(directory.learn)
        return live_match(self.plan.scenario, directory)

    def _shown(self, book: FaceBook, face: Face) -> None:
        """A face has come into sight."""
