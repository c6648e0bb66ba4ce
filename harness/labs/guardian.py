"""The guardian: a small process that starts a run's programs and outlives none of them.

It adopts every orphan among their descendants, so that nobody escapes by forking twice or by
``setsid``. It ends, and ends all of them before, when it is told to, when its socket closes
(the harness is gone, even by SIGKILL), when its parent dies, and upon SIGTERM. If it is itself
killed, the kernel kills the programs (PR_SET_PDEATHSIG) and the lab looks for the rest by mark.

One thread, one loop, requests served in order. It decides nothing about the run.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import sys
from collections.abc import Callable

from harness.clock import SECOND_NS, SystemClock
from harness.labs import family
from harness.labs.birth import BirthError, Order, bear
from harness.labs.family import Kin
from harness.labs.frames import Frames, Message, encode
from harness.labs.household import Household, Life
from harness.labs.parenthood import adopt_orphans, die_with_parent

KILL_PATIENCE_NS = 4 * SECOND_NS
"""A killed process that is not gone by then hangs in the kernel, out of anyone's reach."""

ROUND_MS = 2  # between two looks at who is still alive, unless a death wakes us earlier
STOP_ROUNDS = 50  # a program that forks faster than it can be stopped is given up on
MAX_FDS = 16


class Guardian:
    """Serves the lab's requests until the end."""

    def __init__(self, lab: socket.socket, parent: int, run_id: str) -> None:
        self._lab = lab
        self._parent = parent
        self._clock = SystemClock()
        self._frames = Frames()
        self._fds: list[int] = []
        self._environment: dict[str, str] = {}
        self._household = Household(run_id)
        self._ending = False
        self._wake, wake_writing = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_writing, False)
        signal.set_wakeup_fd(wake_writing, warn_on_full_buffer=False)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)

    def serve(self) -> None:
        """The whole life: serve, then end everybody, then say so."""
        self._poll.register(self._lab.fileno(), select.POLLIN)
        while not self._ending and os.getppid() == self._parent:
            ready = [fd for fd, _ in self._poll.poll()]
            self._swallow_wakeups()
            self._reap()
            if self._lab.fileno() in ready:
                self._listen()
        self._poll.unregister(self._lab.fileno())
        self._say({"is": "gone", "left": self._end_everybody()})

    def end(self) -> None:
        """Leave the loop at its next turn."""
        self._ending = True

    def _swallow_wakeups(self) -> None:
        try:
            while os.read(self._wake, 4096):
                pass
        except BlockingIOError:
            pass

    def _listen(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._lab, 65536, MAX_FDS)
        except ConnectionError:
            data, fds = b"", []
        for fd in fds:
            os.set_inheritable(fd, False)  # noqa: FBT003
        self._fds += fds
        if not data:
            self.end()
        for message in self._frames.feed(data):
            self._obey(message)

    def _say(self, message: Message) -> None:
        try:
            self._lab.sendall(encode(message))
        except OSError:
            self.end()  # nobody listens any more

    def _tell(self, kind: str, life: Life, **facts: object) -> None:
        at_ns = self._clock.monotonic_ns()
        self._say({"is": kind, "host": life.host, "life": life.life, "at_ns": at_ns, **facts})

    def _obey(self, message: Message) -> None:
        match message["do"]:
            case "environment":
                self._environment = message["env"]
            case "start":
                self._start(message)
            case "signal":
                self._signal(message["host"], message["signal"])
            case "pause":
                self._pause(message["host"])
            case "resume":
                self._for_group(message["host"], signal.SIGCONT)
                for kin in self._members(message["host"]):
                    family.send(kin, signal.SIGCONT)
            case "kill":
                self._for_group(message["host"], signal.SIGKILL)
                self._end(lambda: self._members(message["host"]))
            case "shutdown":
                self.end()

    def _start(self, message: Message) -> None:
        fds, self._fds = self._fds[: message["fds"]], self._fds[message["fds"] :]
        life = Life(message["host"], message["life"], 0)
        try:
            life.pid = bear(order_of(message, self._environment, fds))
        except BirthError as failure:
            self._tell("failed", life, step=failure.step, errno=failure.number)
        else:
            self._household.lives[life.pid] = life
            self._tell("started", life, pid=life.pid)
        finally:
            for fd in fds:
                os.close(fd)

    def _members(self, host: str) -> list[Kin]:
        return self._household.census().get(host, [])

    def _for_group(self, host: str, number: int) -> bool:
        """Signal the program's group. Only before it is reaped: then its number is surely its."""
        life = self._household.current(host)
        if life is None:
            return False
        try:
            os.killpg(life.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal(self, host: str, number: int) -> None:
        if not self._for_group(host, number):
            for kin in self._members(host):
                family.send(kin, number)

    def _pause(self, host: str) -> None:
        """Stop until nobody of the family runs: a child may be born while we look."""
        self._for_group(host, signal.SIGSTOP)
        for _ in range(STOP_ROUNDS):
            running = [kin for kin in self._members(host) if kin.state not in "Tt"]
            if not running:
                return
            for kin in running:
                family.send(kin, signal.SIGSTOP)
            select.poll().poll(ROUND_MS)

    def _end_everybody(self) -> list[str]:
        """Kill until we have no child left, and so no descendant; names those that remain."""
        for life in self._household.lives.values():
            self._for_group(life.host, signal.SIGKILL)
        left = self._end(self._household.everyone, has_children)
        return family.names(left) or ["one that /proc does not show"] * has_children()

    def _end(
        self, members: Callable[[], list[Kin]], others: Callable[[], bool] = lambda: False
    ) -> list[Kin]:
        """Kill until nobody is left; returns those that could not be ended in time."""
        deadline_ns = self._clock.monotonic_ns() + KILL_PATIENCE_NS
        while ((kins := members()) or others()) and self._clock.monotonic_ns() < deadline_ns:
            for kin in kins:
                family.send(kin, signal.SIGKILL)
            self._await_deaths()
            self._reap()
        self._reap()
        return kins

    def _await_deaths(self) -> None:
        wakeups = select.poll()
        wakeups.register(self._wake, select.POLLIN)
        wakeups.poll(ROUND_MS)
        self._swallow_wakeups()

    def _reap(self) -> None:
        """Bury every dead child, adopted ones too, and tell of those that we started."""
        ended: list[Life] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            life = self._household.lives.get(pid)
            if life is not None and life.alive:
                life.alive = False
                self._tell("exited", life, code=exit_code(status))
                ended.append(life)
        if ended and not self._ending:
            self._tell_leftovers(ended)

    def _tell_leftovers(self, ended: list[Life]) -> None:
        members = self._household.census()
        for life in ended:
            if members.get(life.host) and self._household.current(life.host) is None:
                self._tell("leftovers", life, names=family.names(members[life.host]))


def order_of(message: Message, environment: dict[str, str], fds: list[int]) -> Order:
    """What a ``start`` asks for. The kernel drops descriptors that we have no room for."""
    if len(fds) < message["fds"]:
        raise BirthError("streams", errno.EMFILE)
    stdout, stderr = fds
    env = {**environment, **message["env"]}
    terminal = message["terminal"]
    return Order(message["argv"], env, message["cwd"], stdout, stderr, terminal=terminal)


def has_children() -> bool:
    """Whether any child of ours, adopted or born, is not yet reaped."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def exit_code(status: int) -> int:
    """A wait status as a shell shows it: 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def main() -> None:
    """``ROOT FD PARENT RUN``: serve on an inherited socket, for that parent and run."""
    lab = socket.socket(fileno=int(sys.argv[2]))
    lab.set_inheritable(False)
    guardian = Guardian(lab, int(sys.argv[3]), sys.argv[4])
    signal.signal(signal.SIGTERM, lambda *_: guardian.end())
    signal.signal(signal.SIGHUP, lambda *_: None)  # wakes the loop, which looks for its parent
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt_orphans()
    die_with_parent(int(sys.argv[3]), by=signal.SIGHUP)
    guardian.serve()
