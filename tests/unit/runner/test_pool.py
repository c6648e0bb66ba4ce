"""Forked runs: side by side, crash by crash, interrupted in order."""

import os
import signal

import pytest

from harness.clock import SystemClock
from harness.runner.pool import Crash, Pool


@pytest.fixture
def pool():
    pool = Pool(2, SystemClock())
    yield pool
    pool.close()


def gathered(pool):
    results = {}
    while pool.busy:
        results.update(dict(pool.results(1.0)))
    return results


def test_results_come_back_with_their_keys(pool):
    for number in range(5):
        pool.submit(number, lambda _, number=number: number * number)
    assert gathered(pool) == {0: 0, 1: 1, 2: 4, 3: 9, 4: 16}


def test_each_task_has_a_process_of_its_own(pool):
    for number in range(3):
        pool.submit(number, lambda _: os.getpid())
    pids = set(gathered(pool).values())
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_a_task_that_dies_is_a_crash_with_its_code(pool):
    pool.submit("dies", lambda _: os._exit(7))
    pool.submit("is killed", lambda _: os.kill(os.getpid(), signal.SIGKILL))
    results = gathered(pool)
    assert isinstance(results["dies"], Crash)
    assert "code 7" in results["dies"].text
    assert "code -9" in results["is killed"].text


def test_an_interrupt_reaches_what_runs_and_drops_what_waits(pool):
    began, tell = os.pipe()

    def task(interrupted):
        # SIGTERM must not come between the question and the pause
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.write(tell, b".")
        while not interrupted():
            signal.sigwait({signal.SIGTERM})
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return "ended in order"

    for number in range(3):
        pool.submit(number, task)
    list(pool.results(0))
    assert len(os.read(began, 1) + os.read(began, 1)) == 2
    pool.interrupt()
    assert gathered(pool) == {0: "ended in order", 1: "ended in order"}
    os.close(began)
    os.close(tell)


def test_a_second_interrupt_kills(pool):
    began, tell = os.pipe()

    def task(_):
        os.write(tell, b".")
        while True:
            signal.pause()

    pool.submit("deaf", task)
    list(pool.results(0))
    assert os.read(began, 1) == b"."
    pool.interrupt()
    pool.interrupt()
    assert isinstance(gathered(pool)["deaf"], Crash)
    os.close(began)
    os.close(tell)
