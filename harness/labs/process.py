"""The lab's side of its programs: a guardian process that is asked, and streams that are read.

The lab's own loop drives everything; nothing here waits but :meth:`Guardian.shutdown`::

    guardian = Guardian(fresh_run_id(), clock)
    guardian.start()
    loop.watch(guardian, on_guardian)          # on_guardian calls guardian.poll_events()
    program = guardian.launch("alice", command(words), env, cwd, "pipe")
    for stream in program.streams:
        loop.watch(stream, ...)                # stream.read(); when stream.ended: unwatch, close
    ...
    guardian.shutdown(deadline_ns)             # everything dead; the last events
    guardian.close()

When ProgramExited arrives, all that the program itself wrote is in its streams already: call
``stream.drain()`` on those not yet ended and log these lines first. A stream may outlive its
program when a descendant holds it open.

A paused program hears a stop signal only when resumed; kill reaches it as it is. How long a
program waited for a core tells ``harness.labs.core_wait``.

It owns neither time (deadlines are asked of the clock it is given) nor any decision of when to
stop what.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from harness.clock import SECOND_NS, Clock
from harness.errors import RigFault
from harness.labs.adoption import GUARDIANS, end_orphans, own_children
from harness.labs.command import program_environment, signal_number
from harness.labs.family import kill_marked
from harness.labs.frames import Frames, Message, encode
from harness.labs.output import HOST_LIMIT_BYTES, Allowance
from harness.labs.program_events import (
    GuardianEvent,
    GuardianFault,
    ProgramExited,
    ProgramFailed,
    ProgramLeftovers,
    ProgramStarted,
    program_event,
)
from harness.labs.streams import Stream, open_streams

__all__ = [
    "Guardian",
    "GuardianEvent",
    "GuardianFault",
    "Program",
    "ProgramExited",
    "ProgramFailed",
    "ProgramLeftovers",
    "ProgramStarted",
]

SEND_PATIENCE_S = 10.0
"""How long the guardian may leave a request unread; it serves each within milliseconds."""

SWEEP_PATIENCE_NS = 2 * SECOND_NS
CLOSE_PATIENCE_NS = 6 * SECOND_NS  # more than the guardian allows itself
RECEIVE_BYTES = 64 * 1024

# The package is imported from wherever this process has it; standard library first.
GUARDIAN_CODE = (
    "import sys; sys.path.append(sys.argv[1]); from harness.labs.guardian import main; main()"
)


@dataclass(frozen=True, slots=True)
class Program:
    """One life of a host's program; lives count from 1. ``streams`` is stdout, stderr.

    ``allowance`` is the host's, shared by all its lives: where it is ``exhausted``, output was
    left out.
    """

    host: str
    life: int
    streams: tuple[Stream, Stream]
    allowance: Allowance


class Guardian:
    """Starts, signals and ends the programs of one run; one event source for the lab's loop.

    Requests are sent and not waited for; what came of them arrives as events. A request about a
    host that runs nothing (any more) does nothing, because the program may end while we ask.
    """

    def __init__(
        self,
        run_id: str,
        clock: Clock,
        base_environment: Mapping[str, str] | None = None,
        host_limit_bytes: int = HOST_LIMIT_BYTES,
    ) -> None:
        self.run_id = run_id
        self._clock = clock
        self._environment = dict(os.environ if base_environment is None else base_environment)
        self._host_limit_bytes = host_limit_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._children_before: frozenset[tuple[int, int]] = frozenset()
        self._socket: socket.socket | None = None
        self._frames = Frames()
        self._lives: dict[str, int] = {}
        self._allowances: dict[str, Allowance] = {}
        self._programs: list[Program] = []
        self._commands: dict[tuple[str, int], tuple[Sequence[str], str]] = {}
        self._asked_to_end = False
        self._gone = False

    def __enter__(self) -> Guardian:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the guardian process. Does not wait: requests queue until it is up."""
        self._children_before = own_children()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                _guardian_command(theirs.fileno(), self.run_id),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                cwd="/",
                # Out of the terminal's reach: Ctrl-C is the lab's to handle, in its order.
                start_new_session=True,
            )
        GUARDIANS.add(self._process.pid)
        ours.settimeout(0)
        self._socket = ours
        # Once, not with each program: fifty requests at zero then fit into the socket's buffer.
        self._send({"do": "environment", "env": self._environment})

    @property
    def pid(self) -> int:
        """The guardian's own process id; 0 where it is not running."""
        return self._process.pid if self._process is not None else 0

    def fileno(self) -> int:
        """The descriptor to watch for reading, from start to close; then -1."""
        return self._socket.fileno() if self._socket is not None else -1

    def launch(
        self,
        host: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        stdio: Literal["pipe", "tty"],
    ) -> Program:
        """Start a command as the next life of ``host``.

        ``env`` is added to the user's environment; ``cwd`` is absolute. ProgramStarted or
        ProgramFailed follows. Raises RigFault where no descriptors are left.
        """
        life = self._lives[host] = self._lives.get(host, 0) + 1
        allowance = self._allowances.setdefault(host, Allowance(self._host_limit_bytes))
        ends = open_streams(host, stdio, allowance)
        program = Program(host, life, ends.streams, allowance)
        self._programs.append(program)
        self._commands[host, life] = (tuple(argv), cwd)
        environment = program_environment(env, f"{self.run_id}/{host}")
        request = {
            "do": "start", "host": host, "life": life, "argv": list(argv), "cwd": cwd,
            "env": environment, "terminal": ends.terminal, "fds": len(ends.given),
        }  # fmt: skip
        try:
            self._send(request, ends.given)
        finally:
            ends.close_given()
        return program

    def signal(self, host: str, name: str) -> None:
        """Send a signal (``TERM``, ``INT`` …) to the program's process group."""
        self._send({"do": "signal", "host": host, "signal": signal_number(name)})

    def pause(self, host: str) -> None:
        """Stop the program and all its descendants in their tracks (SIGSTOP)."""
        self._send({"do": "pause", "host": host})

    def resume(self, host: str) -> None:
        """Let them go on (SIGCONT)."""
        self._send({"do": "resume", "host": host})

    def kill(self, host: str) -> None:
        """End the program and all its descendants at once, in whatever session they are."""
        self._send({"do": "kill", "host": host})

    def poll_events(self) -> list[GuardianEvent]:
        """What happened since the last call, oldest first, without waiting."""
        return list(self._events(self._receive()))

    def shutdown(self, deadline_ns: int) -> list[GuardianEvent]:
        """End every program and the guardian, and return the events up to the last exit.

        Returns when all is dead, at the latest at ``deadline_ns`` (then the rest is killed from
        here and a GuardianFault says so). Without a running guardian it does nothing.
        """
        if self._process is None or self._gone:
            return []
        self._asked_to_end = True
        self._send({"do": "shutdown"})
        events: list[GuardianEvent] = []
        while not self._gone and self._wait_readable(deadline_ns):
            events += self.poll_events()
        if not self._gone:
            events.append(GuardianFault(self._lose("did not end its programs in time")))
        return events

    def close(self) -> None:
        """End whatever still runs and give every descriptor back; harmless when repeated."""
        self.shutdown(self._clock.monotonic_ns() + CLOSE_PATIENCE_NS)
        self._reap_guardian()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for program in self._programs:
            for stream in program.streams:
                stream.close()

    def _send(self, request: Message, fds: Iterable[int] = ()) -> None:
        if self._socket is None:
            raise RigFault("the guardian of the programs was asked before its start")
        if self._gone:
            return
        data = encode(request)
        self._socket.settimeout(SEND_PATIENCE_S)
        try:
            sent = socket.send_fds(self._socket, [data], list(fds))
            self._socket.sendall(data[sent:])
        except TimeoutError as error:
            raise RigFault("the guardian of the programs does not answer") from error
        except OSError:
            # It is dead; the end of its socket tells so in the next poll, with the reason.
            return
        finally:
            self._socket.settimeout(0)

    def _receive(self) -> list[Message]:
        if self._socket is None or self._gone:
            return []
        messages: list[Message] = []
        while True:
            try:
                data = self._socket.recv(RECEIVE_BYTES)
            except BlockingIOError:
                return messages
            except OSError:
                data = b""
            messages += self._frames.feed(data)
            if not data:
                return [*messages, {"is": "end"}]

    def _events(self, messages: Iterable[Message]) -> Iterable[GuardianEvent]:
        for message in messages:
            match message["is"]:
                case "gone":
                    self._gone = True
                    if not self._asked_to_end:
                        yield GuardianFault(f"{self._name()} was ended from outside (SIGTERM)")
                    yield from _left_behind(message["left"])
                case "end" if not self._gone:
                    yield GuardianFault(self._lose("died"))
                case "end":
                    pass
                case _:
                    command = self._commands[message["host"], message["life"]]
                    yield program_event(message, *command)

    def _wait_readable(self, deadline_ns: int) -> bool:
        left_ns = deadline_ns - self._clock.monotonic_ns()
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_READ)
            return left_ns > 0 and bool(selector.select(left_ns / SECOND_NS))

    def _lose(self, how: str) -> str:
        """Take over from a guardian that is no use any more: kill it, then what it watched."""
        self._gone = True
        process = self._process
        if process is None:
            return ""
        process.kill()
        text = f"{self._name()} {how}"
        # Once it is reaped its children are ours, if anybody's.
        if said := self._reap_guardian():
            text += f": {said}"
        deadline_ns = self._clock.monotonic_ns() + SWEEP_PATIENCE_NS

        def patient() -> bool:
            return self._clock.monotonic_ns() < deadline_ns

        left = kill_marked(f"{self.run_id}/", patient)
        left = sorted({*left, *end_orphans(self._children_before, patient)})
        return text + "".join(fault.text for fault in _left_behind(left))

    def _name(self) -> str:
        return f"the guardian of the programs (process {self.pid})"

    def _reap_guardian(self) -> str:
        """Its last words, one line; it is dying or dead when this is called."""
        process = self._process
        if process is None:
            return ""
        self._process = None
        try:
            words = process.communicate(timeout=SEND_PATIENCE_S)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            words = process.communicate()[1]
        GUARDIANS.discard(process.pid)
        return words.decode("utf-8", "backslashreplace").strip().rpartition("\n")[2]


def _left_behind(names: Sequence[str]) -> Iterable[GuardianFault]:
    if names:
        yield GuardianFault(f"processes that not even SIGKILL ends: {', '.join(names)}")


def _guardian_command(fd: int, run_id: str) -> list[str]:
    """Isolated and without site: nothing of the user's Python setup reaches or slows it."""
    root = Path(__file__).parents[2]
    words = [str(root), str(fd), str(os.getpid()), run_id]
    return [sys.executable, "-I", "-S", "-c", GUARDIAN_CODE, *words]
