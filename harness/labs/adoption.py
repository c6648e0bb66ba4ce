"""What a lost guardian leaves to the process that started it: its orphans, which are ended here.

Only a process that adopts orphans inherits them (``harness.labs.parenthood``), and only it can
tell them by ancestry: they are children that it had not before and did not start.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

from harness.labs import family
from harness.labs.family import Kin
from harness.labs.parenthood import adopts_orphans

GUARDIANS: set[int] = set()
"""The guardians that this process has started and not yet reaped: children, but no orphans."""


def own_children() -> frozenset[tuple[int, int]]:
    """The children of this process now, each by its number and its start."""
    return frozenset((kin.pid, kin.started) for kin in _children())


def end_orphans(before: frozenset[tuple[int, int]], patient: Callable[[], bool]) -> list[str]:
    """Kill and reap every child that is not one of ``before`` nor a guardian, and all below it.

    Until none is left or ``patient`` says no more; the names of those left. Nothing is touched
    where this process adopts no orphans: then a new child is somebody else's.
    """
    if not adopts_orphans():
        return []
    while (kins := _orphans(before)) and patient():
        for kin in kins:
            family.send(kin, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):  # a grandchild is ours only later
                os.waitpid(kin.pid, os.WNOHANG)
    return family.names(kins)


def _children() -> list[Kin]:
    return family.children_of(family.everyone()).get(os.getpid(), [])


def _orphans(before: frozenset[tuple[int, int]]) -> list[Kin]:
    children = family.children_of(family.everyone())
    found = []
    for kin in children.get(os.getpid(), ()):
        if (kin.pid, kin.started) not in before and kin.pid not in GUARDIANS:
            found += [kin, *family.descendants(kin.pid, children)]
    return found
