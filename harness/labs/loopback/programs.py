"""The programs of one run: started, watched, stopped, started again.

Keeps for each host which life it is in and why it ends. Puts into the log what becomes of them.
When to start and stop what is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from harness.clock import MILLISECOND_NS
from harness.labs.command import command
from harness.labs.family import children_of, descendants, everyone, mark_of
from harness.labs.loopback.edited import Sources
from harness.labs.loopback.faces import Place
from harness.labs.loopback.kernel_sockets import KernelSockets
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.naming import Naming, member_host
from harness.labs.loopback.readiness import Readiness, readiness
from harness.labs.loopback.waits import CoreWaits
from harness.labs.output import Line
from harness.labs.process import (
    Guardian,
    GuardianEvent,
    GuardianFault,
    Program,
    ProgramExited,
    ProgramFailed,
    ProgramLeftovers,
    ProgramStarted,
)
from harness.labs.streams import Stream
from harness.scenario.model import Host, Scenario
from harness.scenario.names import names_of
from harness.scenario.startup import served_ports
from harness.trace.events import Exited, Note, Output, Ready, Signalled, Started
from harness.trace.log import Log

POLL_NS = 5 * MILLISECOND_NS
EndedBy = Literal["", "step", "end", "rig"]


@dataclass(slots=True)
class Life:
    """One life of a host's program, from its launch to its end."""

    host: str
    program: Program
    readiness: Readiness
    number: int
    pid: int = 0
    ready: bool = False
    over: bool = False
    paused: bool = False
    by: EndedBy = ""


@dataclass(slots=True)
class Programs:
    """Every program of a run. ``failed`` is called with a text when the run cannot go on."""

    scenario: Scenario
    loop: Loop
    log: Log
    guardian: Guardian
    naming: Naming
    kernel: KernelSockets
    waits: CoreWaits
    sources: Sources
    failed: Callable[[str, str], None]
    lives: dict[str, Life] = field(default_factory=dict)
    _on_ready: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    _again: set[str] = field(default_factory=set)
    _polling: bool = False
    _over_budget: set[str] = field(default_factory=set)
    _cut: Counter[str] = field(default_factory=Counter)

    def start(self, member: str) -> None:
        """Launch the next life of a host."""
        host = member_host(self.scenario, member)
        words = [self.naming.text(word, member) for word in host.run]
        env = {key: self.naming.text(value, member) for key, value in host.env.items()}
        cwd = self.sources.path(host.cwd)
        argv = self.sources.words(command(words))
        program = self.guardian.launch(member, argv, env, cwd, host.stdio)
        life = Life(member, program, self._readiness(member, host), program.life)
        self.lives[member] = life
        for stream in program.streams:
            self.loop.watch(stream, partial(self._readable, life, stream))
        deadline_ns = self.loop.now() + host.ready.within_ns
        self.loop.at(deadline_ns, lambda _: self._deadline(life))

    def when_ready(self, member: str, action: Callable[[], None]) -> None:
        """Call ``action`` when the host is ready next."""
        self._on_ready.setdefault(member, []).append(action)

    def is_ready(self, member: str) -> bool:
        """Whether its present life is ready."""
        life = self.lives.get(member)
        return life is not None and life.ready and not life.over

    def running(self) -> tuple[str, ...]:
        """The hosts whose programs live."""
        return tuple(name for name, life in self.lives.items() if not life.over)

    def family(self, member: str) -> Iterator[int]:
        """The process ids of a host, its program's first, then its descendants."""
        life = self.lives.get(member)
        if life is None or not life.pid:
            return
        yield life.pid
        kins = everyone()
        for kin in descendants(life.pid, children_of(kins)):
            yield kin.pid
        mark = f"{self.guardian.run_id}/{member}"
        for kin in kins:
            if mark_of(kin.pid) == mark:
                yield kin.pid

    def stop(self, member: str, by: EndedBy, why: str) -> None:
        """Ask a program to end, and kill it once its grace is over."""
        life = self._living(member)
        if life is None:
            return
        host = member_host(self.scenario, member)
        life.by = by
        self._signal(member, host.stop.signal, why)
        if life.paused:
            self.resume(member)
        self.loop.at(self.loop.now() + host.stop.grace_ns, lambda _: self._grace_over(life, why))

    def kill(self, member: str, by: EndedBy, why: str) -> None:
        """End a program and all its descendants at once."""
        life = self._living(member)
        if life is not None:
            life.by = by
            self.log.add(Signalled, self.loop.now(), host=member, signal="KILL", why=why)
            self.guardian.kill(member)

    def start_again(self, member: str, then: Callable[[], None]) -> None:
        """Start a host anew, after its present life has ended; ``then`` when it is ready."""
        self.when_ready(member, then)
        if self._living(member) is None:
            self.start(member)
        else:
            self._again.add(member)

    def pause(self, member: str) -> None:
        """Let it stand still."""
        life = self._living(member)
        if life is not None:
            life.paused = True
            self.guardian.pause(member)

    def resume(self, member: str) -> None:
        """Let it go on."""
        life = self._living(member)
        if life is not None:
            life.paused = False
            self.guardian.resume(member)

    def serve(self) -> None:
        """Take in what the guardian has to tell."""
        for event in self.guardian.poll_events():
            self.take(event)

    def take(self, event: GuardianEvent) -> None:
        """Take in one thing that the guardian told."""
        match event:
            case GuardianFault(text):
                self.log.add(Note, self.loop.now(), text=text, fault="rig")
                self.failed("", "")
            case ProgramStarted():
                self._started(event)
            case ProgramFailed():
                self._not_started(event)
            case ProgramExited():
                self._exited(event)
            case ProgramLeftovers():
                self._leftovers(event)

    def close_streams(self) -> None:
        """Read what is left of every program's output, and close it."""
        for life in self.lives.values():
            for stream in life.program.streams:
                self._finish(life, stream)
        self._tell_left_out()

    def _readiness(self, member: str, host: Host) -> Readiness:
        ports = served_ports(self.scenario)[member]
        if host.ready.port is not None:
            ports = (host.ready.port,)
        awaited: dict[int, Place] = {}
        for port in ports:
            end = self.naming.book.served(member, port)
            if end is not None and end.real is not None:
                awaited[port] = end.real
        names = names_of((host.ready.says,))
        values = {name.text: self.naming.value(name, member) for name in names}
        literal = {text: value for text, value in values.items() if value is not None}
        return readiness(member, host, awaited, literal)

    def _living(self, member: str) -> Life | None:
        life = self.lives.get(member)
        return None if life is None or life.over else life

    def _current(self, event: ProgramStarted | ProgramFailed | ProgramExited) -> Life | None:
        life = self.lives.get(event.host)
        return life if life is not None and life.number == event.life else None

    def _started(self, event: ProgramStarted) -> None:
        life = self._current(event)
        if life is None:
            return
        life.pid = event.pid
        life.readiness.started = True
        self.log.add(Started, event.at_ns, host=life.host, pid=event.pid, life=life.number)
        self._consider(life)
        if not life.ready and not self._polling:
            self._polling = True
            self._poll(0)

    def _not_started(self, event: ProgramFailed) -> None:
        life = self._current(event)
        if life is None:
            return
        life.over = True
        self._close_all(life)
        self.failed(life.host, f"{life.host}: {event.text}")

    def _exited(self, event: ProgramExited) -> None:
        life = self._current(event)
        if life is None:
            return
        life.over = True
        self._close_all(life)
        self.waits.forget(life.host)
        now_ns = self.loop.now()
        lag_ns = max(0, now_ns - event.at_ns)
        self.log.add(
            Exited,
            now_ns,
            lag=lag_ns,
            host=life.host,
            code=event.code,
            by=life.by,
            life=life.number,
        )
        if life.host in self._again:
            self._again.discard(life.host)
            self.start(life.host)
        elif not life.ready and not life.by:
            self._died_early(life, event.code)

    def _died_early(self, life: Life, code: int) -> None:
        text = f"{life.host} exited with code {code} before it was ready"
        self.failed(life.host, text + life.readiness.last_words)

    def _leftovers(self, event: ProgramLeftovers) -> None:
        names = ", ".join(event.names)
        text = f"{event.host} ended and left processes running: {names}"
        self.log.add(Note, self.loop.now(), text=text, host=event.host)

    def _deadline(self, life: Life) -> None:
        if not life.ready and not life.over and not life.by:
            self.failed(life.host, life.readiness.late_text())

    def _poll(self, _: int) -> None:
        """Look for the ports that are awaited, as long as any are."""
        waiting = [life for life in self.lives.values() if not life.over and life.readiness.ports]
        taken = self.kernel.taken(
            {place for life in waiting for place in life.readiness.ports.values()}
        )
        for life in waiting:
            life.readiness.see_bound(taken)
            self._consider(life)
        self._polling = bool(waiting)
        if self._polling:
            self.loop.at(self.loop.now() + POLL_NS, self._poll)

    def _consider(self, life: Life) -> None:
        if life.ready or not life.readiness.complete:
            return
        life.ready = True
        self.waits.watch(life.host, life.pid)
        self.log.add(Ready, self.loop.now(), host=life.host, life=life.number)
        for action in self._on_ready.pop(life.host, []):
            action()

    def _readable(self, life: Life, stream: Stream) -> None:
        self._say(life, stream, stream.read())
        if stream.ended:
            self._finish(life, stream)

    def _say(self, life: Life, stream: Stream, lines: Iterable[Line]) -> None:
        now_ns = self.loop.now()
        for line in lines:
            lag_ns = self.loop.unread_ns() + self.waits.latest_ns(life.host)
            self.log.add(
                Output,
                now_ns,
                lag=lag_ns,
                host=life.host,
                stream=stream.name,
                line=line.text,
                cut=line.cut,
                partial=line.partial,
            )
            self._cut[life.host] += line.cut
            life.readiness.hear(line.text)
        self._consider(life)
        if life.program.allowance.exhausted:
            self._tell_exhausted(life)

    def _tell_exhausted(self, life: Life) -> None:
        """From when on; how much it was is known at the end."""
        if life.host in self._over_budget:
            return
        self._over_budget.add(life.host)
        limit = life.program.allowance.limit_bytes // (1024 * 1024)
        text = f"{life.host} printed more than {limit} MiB; what follows was not kept"
        self.log.add(Note, self.loop.now(), text=text, host=life.host)

    def _tell_left_out(self) -> None:
        """A pattern on its output cannot see what was not kept."""
        for host, life in self.lives.items():
            left_out = self._cut.get(host, 0) + life.program.allowance.bytes_left_out
            if left_out:
                text = f"{left_out} bytes of its output were not kept; no check can see them"
                self.log.add(Note, self.loop.now(), text=text, fault="inconclusive", host=host)

    def _finish(self, life: Life, stream: Stream) -> None:
        if stream.fileno() == -1:
            return
        lines = stream.drain()
        self.loop.unwatch(stream)
        self._say(life, stream, [*lines, *stream.close()])

    def _close_all(self, life: Life) -> None:
        """The program has ended: what it wrote is in its streams, what others write is not its."""
        for stream in life.program.streams:
            if stream.fileno() == -1:
                continue
            self._say(life, stream, stream.drain())
            if stream.ended:
                self._finish(life, stream)

    def _signal(self, member: str, signal: str, why: str) -> None:
        self.log.add(Signalled, self.loop.now(), host=member, signal=signal, why=why)
        self.guardian.signal(member, signal)

    def _grace_over(self, life: Life, why: str) -> None:
        if not life.over:
            self.kill(life.host, life.by, f"{why}, its grace is over")
