"""A program comes into the world: fork, a clean state, exec; in the guardian, single-threaded.

Done by hand and not by subprocess, because the new program may have a controlling terminal, must
die with the guardian, and a refusal must name the step that failed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.labs.parenthood import die_with_parent


@dataclass(frozen=True, slots=True)
class Order:
    """What to start. ``terminal`` makes ``stdout`` the input and the controlling terminal too."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    stdout: int
    stderr: int
    terminal: bool


class BirthError(Exception):
    """The program never ran: ``step`` is ``streams``, ``fork``, ``cwd`` or ``exec``, ``number``
    the errno of that step."""

    def __init__(self, step: str, number: int) -> None:
        self.step = step
        self.number = number
        super().__init__(f"{step}: {os.strerror(number)}")


def bear(order: Order) -> int:
    """Start the program and return its pid once its exec has succeeded; else BirthError.

    It leads a session and a process group of its own, has the default disposition of every
    signal, none blocked, and no descriptors but its standard streams.
    """
    guardian = os.getpid()
    try:
        reading, writing = os.pipe()  # closed by a successful exec, or told the failure
    except OSError as error:
        raise BirthError("streams", error.errno or errno.EMFILE) from error
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise BirthError("fork", error.errno or errno.EAGAIN) from error
    if pid == 0:
        _be_born(order, guardian, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as report:
        words = report.read().split()
    if words:
        os.waitpid(pid, 0)
        raise BirthError(words[0].decode(), int(words[1]))
    return pid


def _be_born(order: Order, guardian: int, report: int) -> None:
    """In the child: never returns, whatever happens."""
    step = "exec"
    try:
        os.setsid()
        die_with_parent(guardian)
        _set_streams(order)
        _reset_signals()
        step = "cwd"
        os.chdir(order.cwd)
        step = "exec"
        os.execvpe(order.argv[0], list(order.argv), dict(order.env))  # noqa: S606
    except OSError as error:
        os.write(report, f"{step} {error.errno}".encode())
    except (ValueError, IndexError):  # a NUL in a word, an empty command
        os.write(report, f"{step} {errno.EINVAL}".encode())
    finally:
        os._exit(127)


def _set_streams(order: Order) -> None:
    stdin = order.stdout if order.terminal else os.open(os.devnull, os.O_RDONLY)
    os.dup2(stdin, 0)
    os.dup2(order.stdout, 1)
    os.dup2(order.stderr, 2)
    if order.terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _reset_signals() -> None:
    """Python ignores SIGPIPE, and whoever started us may ignore SIGINT or SIGHUP; exec keeps
    what is ignored or blocked (signal(7)), and the program would be deaf to them."""
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):  # KILL and STOP, and those of the libc
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
