"""Who descends from whom: pure questions, and this process as the example."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from harness.labs.core_wait import CoreWait, run_delay_ns
from harness.labs.family import (
    Kin,
    children_of,
    descendants,
    everyone,
    is_alive,
    mark_of,
    names,
    read_kin,
    send,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

NOBODY = 2**22 + 1  # above the largest pid_max, proc(5)


def kin(pid: int, parent: int, state: str = "S", threads: int = 1) -> Kin:
    return Kin(pid, f"p{pid}", state, parent, pid, pid, 0, threads)


def test_descendants_are_found_through_all_generations_and_nobody_else() -> None:
    kins = [kin(2, 1), kin(3, 2), kin(4, 3), kin(5, 1), kin(6, 2)]
    found = descendants(2, children_of(kins))
    assert [one.pid for one in found] == [3, 6, 4]
    assert descendants(4, children_of(kins)) == []


def test_a_zombie_is_dead_unless_its_other_threads_run_on() -> None:
    assert is_alive(kin(2, 1, "T"))
    assert not is_alive(kin(2, 1, "Z"))
    assert is_alive(kin(2, 1, "Z", threads=2))


def test_names_are_sorted_and_carry_the_pid() -> None:
    assert names([kin(3, 1), kin(2, 1)]) == ["p2 (2)", "p3 (3)"]


def test_this_process_is_seen_as_it_is() -> None:
    me = read_kin(os.getpid())
    assert me is not None
    assert (me.parent, me.group, me.session) == (os.getppid(), os.getpgrp(), os.getsid(0))
    assert me.pid in [one.pid for one in everyone()]


def test_what_does_not_exist_is_answered_with_nothing() -> None:
    assert read_kin(NOBODY) is None
    assert mark_of(NOBODY) == ""
    assert run_delay_ns(NOBODY) == 0
    assert not send(kin(NOBODY, 1), signal.SIGKILL)


def test_a_process_that_only_has_the_number_is_never_signalled() -> None:
    me = read_kin(os.getpid())
    assert me is not None
    assert not send(me._replace(started=me.started + 1), signal.SIGKILL)


def test_the_wait_for_a_core_is_told_once() -> None:
    wait = CoreWait(os.getpid())
    before = run_delay_ns(os.getpid())
    first = wait.since_last_ns()
    assert first >= before
    assert wait.since_last_ns() <= run_delay_ns(os.getpid()) - before
