"""What a program is started with, as pure values: its words, its environment, its refusals."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from harness.errors import RigFault
from harness.labs.family import MARK


def fresh_run_id() -> str:
    """A name that no other run on this machine has; the identity of a run, not of its seed."""
    return os.urandom(8).hex()


def command(words: Sequence[str]) -> list[str]:
    """The words to execute: ``python`` as first word is the interpreter that runs us."""
    return [sys.executable, *words[1:]] if words[:1] == ["python"] else list(words)


def program_environment(added: Mapping[str, str], mark: str) -> dict[str, str]:
    """What comes on top of the user's environment: unbuffered Python, what the scenario adds, and
    the run's mark.

    The scenario may take PYTHONUNBUFFERED back; the mark it may not, because by it alone an
    orphan of this run is told from everybody else's processes.
    """
    return {"PYTHONUNBUFFERED": "1", **added, MARK: mark}


def signal_number(name: str) -> int:
    """The number of ``TERM`` or ``SIGTERM`` on this system; RigFault for an unknown one."""
    word = name.removeprefix("SIG")
    try:
        return int(signal.Signals["SIG" + word])
    except KeyError:
        raise RigFault(f"this system has no signal SIG{word}") from None


def failure_text(words: Sequence[str], cwd: str, step: str, number: int) -> str:
    """Why a command could not be started, in words that name it and say what to look at.

    ``step`` is ``cwd``, ``exec``, ``fork`` or ``streams``; ``number`` the errno of that call.
    """
    name = words[0] if words else ""
    if step == "cwd":
        return f"cannot start {name!r}: its working directory {cwd!r}: {os.strerror(number)}"
    if step == "fork":
        return f"cannot start {name!r}: no new process: {os.strerror(number)}"
    if step == "streams" or number in (errno.EMFILE, errno.ENFILE):
        return f"cannot start {name!r}: no streams for it: {os.strerror(number)} (ulimit -n)"
    return f"cannot start {name!r}: {_exec_refusal(name, cwd, number)}"


def _exec_refusal(name: str, cwd: str, number: int) -> str:
    path = os.path.join(cwd, name)  # noqa: PTH118 — keeps an absolute name as it is, like exec
    if number == errno.ENOENT and "/" not in name:
        return "no program of that name on the PATH"
    if number == errno.ENOENT and os.path.exists(path):  # noqa: PTH110
        return "the interpreter named in its first line does not exist"
    if number == errno.ENOENT:
        return f"no such file (looked for {path!r})"
    if number == errno.EACCES and "/" not in name:
        # execvp(3): also where a directory of the PATH may not be searched.
        return "no program of that name on the PATH that may be executed"
    if number == errno.EACCES:
        return "it is not an executable file (chmod +x, or name its interpreter first)"
    if number == errno.ENOEXEC:
        return "neither a binary for this machine nor a script with a #! line"
    if number == errno.EINVAL:
        return "its words or its environment hold a NUL character or a name with '='"
    return os.strerror(number)
