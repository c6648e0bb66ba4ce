"""Real programs under a real guardian, driven by waiting on descriptors with a deadline."""

from __future__ import annotations

import os
import select
import selectors
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from harness.clock import SECOND_NS, SystemClock
from harness.labs.command import fresh_run_id
from harness.labs.family import Kin, marked
from harness.labs.output import HOST_LIMIT_BYTES, Line
from harness.labs.process import Guardian, GuardianEvent, Program, ProgramExited, ProgramStarted

PATIENCE_NS = 20 * SECOND_NS  # for a machine under load; nothing waits that long when all is well
ROOT = Path(__file__).parents[2]

E = TypeVar("E")


def script(code: str) -> list[str]:
    """A command that runs a piece of Python, quickly started."""
    return [sys.executable, "-I", "-S", "-c", code]


class Guarded:
    """A guardian, its events and the lines of its programs so far."""

    def __init__(
        self, cwd: str = "/", host_limit_bytes: int = HOST_LIMIT_BYTES, run_id: str = ""
    ) -> None:
        self.clock = SystemClock()
        self.cwd = cwd
        self.run_id = run_id or fresh_run_id()
        self.guardian = Guardian(self.run_id, self.clock, host_limit_bytes=host_limit_bytes)
        self.events: list[GuardianEvent] = []
        self.lines: list[tuple[str, str, Line]] = []
        self._selector = selectors.DefaultSelector()
        self.guardian.start()
        self._selector.register(self.guardian, selectors.EVENT_READ, self._take_events)

    def run(self, host: str, argv: list[str], stdio: str = "pipe", **env: str) -> Program:
        program = self.guardian.launch(host, argv, env, self.cwd, stdio)
        for stream in program.streams:
            self._selector.register(stream, selectors.EVENT_READ, lambda s=stream: self._read(s))
        return program

    def python(self, host: str, code: str, stdio: str = "pipe", **env: str) -> Program:
        return self.run(host, script(code), stdio, **env)

    def until(self, condition: Callable[[], object], what: str = "the condition") -> None:
        """Serve descriptors until it holds; fail at the deadline."""
        deadline_ns = self.clock.monotonic_ns() + PATIENCE_NS
        while not condition():
            left_ns = deadline_ns - self.clock.monotonic_ns()
            assert left_ns > 0, f"{what} never held; {self.events} {self.lines[-20:]}"
            for key, _ in self._selector.select(min(left_ns, SECOND_NS) / SECOND_NS):
                key.data()

    def event(self, kind: type[E], host: str = "", life: int = 0) -> E:
        """The first event of this kind (of a host, of a life), awaited."""

        def found() -> list[E]:
            return [
                event
                for event in self.events
                if isinstance(event, kind)
                and (not host or event.host == host)
                and (not life or event.life == life)
            ]

        self.until(found, f"{kind.__name__} of {host}")
        return found()[0]

    def exit_code(self, host: str, life: int = 0) -> int:
        return self.event(ProgramExited, host, life).code

    def pid(self, host: str) -> int:
        return self.event(ProgramStarted, host).pid

    def says(self, host: str, text: str) -> None:
        self.until(lambda: text in self.texts(host), f"{host} says {text!r}")

    def texts(self, host: str, stream: str = "stdout") -> list[str]:
        return [line.text for who, name, line in self.lines if (who, name) == (host, stream)]

    def served(self) -> None:
        """Everything asked so far is done: requests are served in order."""
        self.run("barrier", ["/nonexistent"])
        seen = sum(getattr(event, "host", "") == "barrier" for event in self.events)
        self.until(
            lambda: sum(getattr(event, "host", "") == "barrier" for event in self.events) > seen
        )

    def shutdown(self) -> None:
        self.events += self.guardian.shutdown(self.clock.monotonic_ns() + PATIENCE_NS)

    def alive(self) -> list[Kin]:
        return marked(f"{self.run_id}/")

    def close(self) -> None:
        self._selector.close()
        self.guardian.close()

    def _take_events(self) -> None:
        self.events += self.guardian.poll_events()
        if any(not hasattr(event, "host") for event in self.events):
            self._forget(self.guardian)
            return
        for event in self.events:
            if isinstance(event, ProgramExited):
                self._drain(event)

    def _drain(self, event: ProgramExited) -> None:
        for key in list(self._selector.get_map().values()):
            stream = key.fileobj
            if getattr(stream, "host", None) == event.host and not stream.ended:
                self.lines += [(stream.host, stream.name, line) for line in stream.drain()]

    def _read(self, stream: object) -> None:
        self.lines += [(stream.host, stream.name, line) for line in stream.read()]
        if stream.ended:
            self._forget(stream)
            stream.close()

    def _forget(self, thing: object) -> None:
        if thing in [key.fileobj for key in self._selector.get_map().values()]:
            self._selector.unregister(thing)


def wait_until_gone(pids: list[int]) -> bool:
    """Wait for processes that are nobody's children of ours; whether all ended in time."""
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + PATIENCE_NS
    return all(_wait_for_end(pid, deadline_ns - clock.monotonic_ns()) for pid in pids)


def _wait_for_end(pid: int, left_ns: int) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    ended = bool(poll.poll(max(0, left_ns // 1_000_000)))
    os.close(handle)
    return ended
