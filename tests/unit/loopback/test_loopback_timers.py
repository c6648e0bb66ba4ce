"""Timers and the loop: order, and that nothing is served twice or after it was given up."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import SECOND_NS, SystemClock
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.timers import Timers


@given(st.lists(st.integers(0, 5)))
def test_equal_times_fire_in_the_order_in_which_they_were_set(times: list[int]) -> None:
    timers = Timers()
    fired: list[tuple[int, int]] = []
    for sequence, due in enumerate(times):
        timers.at(due, lambda due_ns, sequence=sequence: fired.append((due_ns, sequence)))
    while (due := timers.pop(10)) is not None:
        due[1](due[0])
    assert fired == sorted((due, sequence) for sequence, due in enumerate(times))


def test_nothing_fires_before_its_time() -> None:
    timers = Timers()
    timers.at(5, lambda _: None)
    assert timers.next_ns == 5
    assert timers.pop(4) is None
    assert timers.pop(5) is not None


def test_a_descriptor_given_up_by_an_earlier_one_is_not_served() -> None:
    loop = Loop(SystemClock())
    pairs = [socket.socketpair(), socket.socketpair()]
    served: list[int] = []

    def serve(index: int) -> None:
        served.append(index)
        pairs[index][0].recv(1)
        loop.unwatch(pairs[1 - index][0])

    for index, (reading, writing) in enumerate(pairs):
        loop.watch(reading, lambda index=index: serve(index))
        writing.send(b"x")
    loop.turn(loop.now())
    assert len(served) == 1
    loop.close()
    for pair in pairs:
        for end in pair:
            end.close()


def test_descriptors_are_served_in_the_order_in_which_they_became_ready() -> None:
    loop = Loop(SystemClock())
    pairs = [socket.socketpair() for _ in range(4)]
    served: list[int] = []
    for index, (reading, _) in enumerate(pairs):
        loop.watch(reading, lambda index=index: served.append(index))
    for index in (2, 0, 3, 1):
        pairs[index][1].send(b"x")
    loop.turn(loop.now())
    if served and "epoll" in type(loop._selector).__name__.lower():
        assert served == [2, 0, 3, 1]
    loop.close()
    for pair in pairs:
        for end in pair:
            end.close()


def test_the_loop_wakes_for_a_timer_before_its_limit() -> None:
    loop = Loop(SystemClock())
    due: list[int] = []
    at_ns = loop.now() + 1000
    loop.at(at_ns, due.append)
    while not due:
        loop.turn(loop.now() + 60 * SECOND_NS)
    assert due == [at_ns]
    loop.close()


def test_an_unwatched_descriptor_cannot_be_given_up_again() -> None:
    loop = Loop(SystemClock())
    with pytest.raises(KeyError):
        loop.unwatch(0)
    loop.close()
