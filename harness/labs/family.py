"""Who descends from whom, as Linux shows it in /proc; proc(5).

Where /proc is missing every question is answered with nobody, and the guardian falls back to
process groups. Signals go to a process only as long as it is the one that was looked at.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

MARK = "HARNESS_HOST"
"""Environment variable of every program, ``run id/host``: an orphan is known by it."""

DEAD = frozenset("ZXx")


class Kin(NamedTuple):
    """One process. ``started`` is in ticks since boot: with the pid it is an identity."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    started: int
    threads: int


def read_kin(pid: int) -> Kin | None:
    """What /proc says of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 — read by the hundred
            text = file.read()
    except OSError:
        return None
    # The name stands in parentheses and may itself hold parentheses and spaces.
    head, _, rest = text.rpartition(b")")
    fields = rest.split()
    name = head.partition(b"(")[2].decode("utf-8", "backslashreplace")
    parent, group, session = (int(field) for field in fields[1:4])
    state, threads, started = fields[0].decode(), int(fields[17]), int(fields[19])
    return Kin(pid, name, state, parent, group, session, started, threads)


def everyone() -> list[Kin]:
    """Every process that this one can see, the dead but unreaped included."""
    try:
        entries = os.listdir("/proc")  # noqa: PTH208
    except OSError:
        return []
    found = (read_kin(int(entry)) for entry in entries if entry.isdigit())
    return sorted(kin for kin in found if kin is not None)


def children_of(kins: Iterable[Kin]) -> dict[int, list[Kin]]:
    """The processes by their parent."""
    children: dict[int, list[Kin]] = {}
    for kin in kins:
        children.setdefault(kin.parent, []).append(kin)
    return children


def descendants(root: int, children: dict[int, list[Kin]]) -> list[Kin]:
    """Everyone below ``root``, parents before their children, without ``root`` itself."""
    found: list[Kin] = list(children.get(root, ()))
    for kin in found:  # grows while it is read
        found.extend(children.get(kin.pid, ()))
    return found


def is_alive(kin: Kin) -> bool:
    """Whether it still can do anything; the dead wait for their parent to reap them.

    A process whose first thread has ended shows as a zombie while its other threads run on.
    """
    return kin.state not in DEAD or kin.threads > 1


def mark_of(pid: int) -> str:
    """The value of MARK with which a process was executed; empty where it cannot be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            words = file.read().split(b"\0")
    except OSError:
        return ""
    prefix = MARK.encode() + b"="
    marks = (word.removeprefix(prefix) for word in words if word.startswith(prefix))
    return os.fsdecode(next(marks, b""))


def send(kin: Kin, number: int) -> bool:
    """Signal this very process, never one that has its number since; whether it was there."""
    try:
        with _held(kin.pid) as handle:
            now = read_kin(kin.pid)
            if now is None or now.started != kin.started or not is_alive(now):
                return False
            signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


@contextlib.contextmanager
def _held(pid: int) -> Iterator[int]:
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def marked(prefix: str) -> list[Kin]:
    """Every living process whose mark begins so."""
    return [kin for kin in everyone() if is_alive(kin) and mark_of(kin.pid).startswith(prefix)]


def kill_marked(prefix: str, patient: Callable[[], bool]) -> list[str]:
    """Kill every process with such a mark until none is left or ``patient`` says no more.

    The last resort, when the guardian that knew them is dead. Returns the names of those left.
    """
    while (kins := marked(prefix)) and patient():
        for kin in kins:
            send(kin, signal.SIGKILL)
    return names(kins)


def names(kins: Iterable[Kin]) -> list[str]:
    """Processes as a reader wants to see them: ``name (pid)``."""
    return sorted(f"{kin.name} ({kin.pid})" for kin in kins)
