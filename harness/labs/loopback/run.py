"""One run from its first program to its last: the phases, in their order.

Reserve what the machine has only once; start the awaited programs; zero; the timeline until E;
wait for the fates of what is under way; stop the programs; close the log. What goes wrong becomes
a note in the log, and the end comes in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from harness.clock import MILLISECOND_NS, SECOND_NS, Clock
from harness.errors import HarnessError, RigFault
from harness.labs.base import Plan
from harness.labs.director import Begin, EndRun, Order, StartHost, Undo
from harness.labs.loopback.addresses import Platform
from harness.labs.loopback.naming import member_host
from harness.labs.loopback.port_plan import PortNeed, port_needs, spoken_from
from harness.labs.loopback.ports import is_free
from harness.labs.loopback.rig import Builder, Rig
from harness.labs.loopback.scale import Scale
from harness.labs.loopback.weather import ERRAND
from harness.link.fabric import Replay
from harness.scenario.startup import awaits, start_order
from harness.trace.events import Closed, Ended, Lag, Note

LOOK_NS = 50 * MILLISECOND_NS  # how often at least we ask whether the user wants an end
WATCH_NS = SECOND_NS  # how often the kernel's counters are read
FATES_NS = 5 * SECOND_NS  # language, section 11: how long the fates are waited for after E
GONE_NS = 6 * SECOND_NS  # how long the guardian may take to end what is left
GONE_AT_ONCE_NS = 1 * SECOND_NS  # the same when the user wants an end now
Why = Literal["until", "deadline", "interrupted", "error"]


@dataclass(slots=True)
class Run:
    """Carries out one plan. ``raw`` says that ICMP errors may be written."""

    plan: Plan
    log: Scale
    clock: Clock
    platform: Platform
    raw: bool
    interrupted: Callable[[], bool]
    _why: Why | None = None
    _end_lag_ns: int = 0
    _ended: bool = False

    def carry_out(self) -> None:
        """Everything; returns when every program is gone and the log is closed."""
        with ExitStack() as undo:
            builder = Builder(
                self.plan, self.log, self.clock, self.platform, self.raw, undo, self._failed
            )
            rig = builder.build()
            try:
                self._phases(rig)
            except HarnessError as error:
                self._failed("", str(error), fault="rig")
                self._end(rig)
            self._stop_programs(rig)
            self._last_words(rig)

    def _phases(self, rig: Rig) -> None:
        self._reserve(rig)
        if rig.fronts is not None:
            rig.fronts.start()
        self._watch(rig)
        self._until_zero(rig)
        self._until_end(rig)
        self._end(rig)
        self._await_fates(rig)

    # Reserving

    def _reserve(self, rig: Rig) -> None:
        scenario, book = self.plan.scenario, rig.book
        needs = port_needs(scenario)
        for port in sorted({need.port for need in needs if need.literal}):
            self._take(rig, port)
        for member in scenario.single_hosts:
            book.admit(member, silent=member_host(scenario, member).silent)
        for member, address in book.hosts.items():
            viewers = tuple(book.hosts)
            rig.announcer.host(member, address, self.platform.loopback, viewers)
        for need in needs:
            self._serve(rig, need)

    def _serve(self, rig: Rig, need: PortNeed) -> None:
        ours = spoken_from(self.plan.scenario, need.host, need.port)
        free = not need.literal and not ours
        number = rig.ports.free(self.platform.family) if free else need.port
        rig.announcer.own(rig.book.serve(need.host, need.port, number, ours=ours))

    def _take(self, rig: Rig, port: int) -> None:
        """Wait for a port of the machine that another run has."""
        while not rig.ports.take(port) and not self._wants_end():
            rig.loop.turn(rig.loop.now() + LOOK_NS)
        if self._why is None and not is_free(self.platform.family, port):
            raise RigFault(
                f"port {port} is in use by another program (see ss -ulpn); end it, or give the"
                f" program under test its port by $(self:{port}) in its run"
            )

    # Until zero

    def _until_zero(self, rig: Rig) -> None:
        awaited, others = start_order(self.plan.scenario)
        needs = awaits(self.plan.scenario)
        waiting = list(awaited)
        pending = set(awaited)
        while pending and not self._wants_end():
            for member in list(waiting):
                named = {name for name, _ in needs.get(member, ()) if name in awaited}
                if all(rig.programs.is_ready(name) for name in named):
                    waiting.remove(member)
                    rig.programs.start(member)
            rig.loop.turn(rig.loop.now() + LOOK_NS)
            pending -= {member for member in pending if rig.programs.is_ready(member)}
        self.log.set_zero(rig.loop.now())
        if self._why is None:
            self._orders(rig)
            for member in others:
                rig.programs.start(member)

    # Until the end

    def _until_end(self, rig: Rig) -> None:
        while not self._wants_end():
            self._orders(rig)
            if self._why is not None:
                return
            next_ns = rig.director.next_due_ns()
            zero_ns = self.log.zero_ns or 0
            limit_ns = rig.loop.now() + LOOK_NS
            rig.loop.turn(limit_ns if next_ns is None else min(limit_ns, zero_ns + next_ns))

    def _orders(self, rig: Rig) -> None:
        zero_ns = self.log.zero_ns or 0
        orders = rig.director.due(rig.loop.now() - zero_ns)
        while orders and self._why is None:
            for at_ns, order in orders:
                self._order(rig, order, max(0, rig.loop.now() - zero_ns - at_ns))
            orders = rig.director.due(rig.loop.now() - zero_ns)

    def _order(self, rig: Rig, order: Order, lag_ns: int) -> None:
        match order:
            case Begin():
                rig.steps.begin(order, lag_ns)
            case Undo():
                rig.steps.undo(order, lag_ns)
            case StartHost(host):
                rig.programs.start(host)
            case EndRun(why):
                self._why, self._end_lag_ns = why, lag_ns

    def _end(self, rig: Rig) -> None:
        """E: what has arrived by now was sent before it."""
        if self._ended:
            return
        self._ended = True
        if self.log.zero_ns is None:
            self.log.set_zero(rig.loop.now())
        rig.relay.drain()
        self._unexplained(rig)
        number = self.log.add(Ended, rig.loop.now(), lag=self._end_lag_ns, why=self._why or "error")
        rig.relay.end_at(number)

    def _await_fates(self, rig: Rig) -> None:
        deadline_ns = rig.loop.now() + FATES_NS
        while rig.relay.owed > 0 and rig.loop.now() < deadline_ns and not self._at_once():
            rig.loop.turn(min(deadline_ns, rig.loop.now() + LOOK_NS))
        self._unexplained(rig)  # while the sockets, and with them their counters, are there

    # The end of the programs

    def _stop_programs(self, rig: Rig) -> None:
        for member in rig.programs.running():
            if self.log.full:  # no grace for a flood
                rig.programs.kill(member, "end", "the trace is full")
            else:
                rig.programs.stop(member, "end", "the run is over")
        # Each has been asked; a grace, a kill, and no more: the guardian ends what is left.
        graces = (member_host(self.plan.scenario, one).stop.grace_ns for one in rig.book.hosts)
        limit_ns = rig.loop.now() + max(graces, default=0) + GONE_NS
        while rig.programs.running() and not self._at_once() and rig.loop.now() < limit_ns:
            rig.loop.turn(rig.loop.now() + LOOK_NS)
        patience_ns = GONE_AT_ONCE_NS if self._at_once() else GONE_NS
        for event in rig.guardian.shutdown(rig.loop.now() + patience_ns):
            rig.programs.take(event)
        rig.programs.close_streams()

    def _at_once(self) -> bool:
        return self._why == "interrupted" or self.log.full or self.interrupted()

    def _last_words(self, rig: Rig) -> None:
        now_ns = rig.loop.now()
        self._unexplained(rig)
        self._own_losses(rig)
        self._unrecorded(rig)
        for host, worst in sorted(rig.waits.worst.items()):
            self.log.add(Lag, now_ns, what="waited for a core", worst=worst, host=host)
        met = {str(rule): count for rule, count in rig.weather.met.items()}
        missed = sorted({*rig.director.missed(), *rig.steps.missed()})
        self.log.add(Closed, now_ns, rules=met, steps_missed=missed)

    # Watching

    def _watch(self, rig: Rig) -> None:
        """Once a second: what the kernel counts. Sooner where a buffer may have been full."""

        def look_soon(_: int) -> None:
            if rig.drops.due:
                self._unexplained(rig)
            rig.loop.at(rig.loop.now() + LOOK_NS, look_soon)

        def look(_: int) -> None:
            rig.waits.look()
            rig.owners.refresh(rig.kernel.snapshot())
            rig.relay.forget_routes()
            self._unexplained(rig)
            rig.loop.at(rig.loop.now() + WATCH_NS, look)

        rig.loop.at(rig.loop.now() + WATCH_NS, look)
        rig.loop.at(rig.loop.now() + LOOK_NS, look_soon)

    def _unexplained(self, rig: Rig) -> None:
        hosts = {end.real: end.host for end in rig.book.served_ports()}
        for place, count in rig.drops.unexplained().items():
            host = hosts.get(place) or rig.owners.known(place)
            text = (
                f"{count} datagrams were lost in the receive buffer of {host or place};"
                " it cannot be told which of those that count as delivered"
            )
            self.log.add(Note, rig.loop.now(), text=text, fault="inconclusive", host=host)
        for place in rig.drops.doubts():
            host = hosts.get(place) or rig.owners.known(place)
            text = (
                f"a socket of {host or place} was closed before its losses could be read;"
                " what counts as delivered to it may have been lost in its receive buffer"
            )
            self.log.add(Note, rig.loop.now(), text=text, fault="inconclusive", host=host)

    def _own_losses(self, rig: Rig) -> None:
        """What our own buffers lost without a later datagram to tell of it."""
        now = rig.kernel.snapshot()
        for face in rig.book:
            drops = sum(bound.drops for bound in now.at(*face.address))
            if face.socket is not None and drops != face.overflow:
                text = f"the relay's own buffer lost {drops} datagrams to {face.end.host}"
                self.log.add(Note, rig.loop.now(), text=text, fault="rig", host=face.end.host)

    def _unrecorded(self, rig: Rig) -> None:
        if not isinstance(rig.fabric, Replay):
            return
        for way, count in sorted(rig.fabric.unrecorded.items()):
            if not way.startswith(ERRAND):
                text = f"replay: {count} datagrams on {way} have no record and arrived at once"
                self.log.add(Note, rig.loop.now(), text=text)

    # What ends a run early

    def _wants_end(self) -> bool:
        if self._why is None and self.interrupted():
            self._why = "interrupted"
        if self.log.full:
            limit = f"{self.log.limit_bytes / 2**20:g} MiB"
            text = f"the trace has grown beyond {limit}; send less, or run shorter"
            self._failed("", text, fault="rig")
        return self._why is not None

    def _failed(self, host: str, text: str, fault: Literal["program", "rig"] = "program") -> None:
        """The run cannot go on. Without a text the reason stands in the log already."""
        if self._why is not None:
            return
        self._why = "error"
        if text:
            self.log.add(Note, self.clock.monotonic_ns(), text=text, fault=fault, host=host)
