"""Runs side by side, each in a forked process of its own.

A run owns an event loop, sockets and children; a process of its own keeps a crash, a leak or a
busy loop of one run away from the others. Forking costs a few milliseconds where a fresh
interpreter costs a quarter of a second. The parent must have no threads when it forks.

A child dies with its parent (its lab's guardian in turn dies with the child). An interrupt is
passed on as SIGTERM, upon which a lab ends in order and still writes what it saw.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from harness.clock import Clock
from harness.errors import HarnessError
from harness.labs.parenthood import adopt_orphans, die_with_parent

T = TypeVar("T")
Interrupted = Callable[[], bool]
Task = Callable[[Interrupted], T]

GRACE_NS = 4_000_000_000
"""How long an interrupted run may take to end in order before it is killed."""


@dataclass(slots=True)
class _Flag:
    """Turns true at SIGTERM; what a run asks to learn whether it was interrupted."""

    raised: bool = False

    def raise_it(self, *_: object) -> None:
        self.raised = True

    def __call__(self) -> bool:
        return self.raised


@dataclass(frozen=True, slots=True)
class Crash:
    """A child ended without a result: the text says how."""

    text: str


@dataclass(slots=True)
class _Child(Generic[T]):
    key: object
    process: multiprocessing.process.BaseProcess
    results: Connection


def _child_main(task: Task[T], results: Connection, parent: int) -> None:
    flag = _Flag()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, flag.raise_it)
    die_with_parent(parent)
    adopt_orphans()  # should the guardian be killed, what it kept falls to us and not to init
    results.send(_outcome(task, flag))
    results.close()


def _outcome(task: Task[T], flag: _Flag) -> T | Crash:
    try:
        return task(flag)
    except HarnessError as error:
        return Crash(str(error))
    except Exception as error:  # noqa: BLE001 (a bug of ours must not cost the other runs)
        traceback.print_exc()
        return Crash(f"a bug of the harness: {type(error).__name__}: {error}")


class Pool(Generic[T]):
    """At most ``jobs`` tasks at a time; results come in the order in which they finish."""

    def __init__(self, jobs: int, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._waiting: list[tuple[object, Task[T]]] = []
        self._children: list[_Child[T]] = []
        self._killed_at_ns: int | None = None

    def submit(self, key: object, task: Task[T]) -> None:
        """Queue a task; ``key`` comes back with its result."""
        self._waiting.append((key, task))

    @property
    def running(self) -> tuple[object, ...]:
        """The keys of the tasks under way."""
        return tuple(child.key for child in self._children)

    @property
    def busy(self) -> bool:
        return bool(self._children or self._waiting)

    def interrupt(self) -> None:
        """Drop what waits and ask what runs to end now; the second call kills it."""
        self._waiting.clear()
        for child in self._children:
            stop = child.process.terminate if self._killed_at_ns is None else child.process.kill
            stop()
        self._killed_at_ns = self._clock.monotonic_ns() + GRACE_NS

    def results(self, timeout_s: float) -> Iterator[tuple[object, T | Crash]]:
        """What finished within the timeout; perhaps nothing."""
        while self._waiting and len(self._children) < self._jobs:
            self._start(*self._waiting.pop(0))
        if self._killed_at_ns is not None and self._clock.monotonic_ns() > self._killed_at_ns:
            self.interrupt()
        ready = multiprocessing.connection.wait(
            [child.results for child in self._children], timeout_s
        )
        for child in [child for child in self._children if child.results in ready]:
            self._children.remove(child)
            yield child.key, self._result(child)

    def close(self) -> None:
        """Kill whatever still runs, and reap it."""
        for child in self._children:
            child.process.kill()
            child.process.join()
            child.results.close()
        self._children.clear()

    def _start(self, key: object, task: Task[T]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_child_main, args=(task, sending, os.getpid()))
        process.start()
        sending.close()
        self._children.append(_Child(key, process, receiving))

    def _result(self, child: _Child[T]) -> T | Crash:
        try:
            result: T | Crash = child.results.recv()
        except EOFError:
            child.process.join()
            result = Crash(f"the process of this run ended with code {child.process.exitcode}")
        child.results.close()
        child.process.join()
        return result
