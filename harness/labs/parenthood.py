"""Dying with one's parent and adopting orphans, on systems that offer it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
PR_GET_CHILD_SUBREAPER = 37


def die_with_parent(parent: int, by: int = signal.SIGKILL) -> None:
    """Ask the kernel to send this process a signal when its parent dies; prctl(2).

    ``parent`` is the parent's id as it was before the fork: if it is no longer ours, it died in
    between and the signal will never come, so it is sent here. Elsewhere than on Linux nothing
    happens, and the guardian's pipe alone notices the end of the harness.
    """
    if not _prctl(PR_SET_PDEATHSIG, by):
        return
    if os.getppid() != parent:
        os.kill(os.getpid(), by)


def adopt_orphans() -> bool:
    """Become the parent of every descendant that loses its own; whether the system has that.

    prctl(2), PR_SET_CHILD_SUBREAPER: a daemon that forks twice cannot leave the family.
    """
    return _prctl(PR_SET_CHILD_SUBREAPER, 1)


def adopts_orphans() -> bool:
    """Whether :func:`adopt_orphans` is in force in this process."""
    if not sys.platform.startswith("linux"):
        return False
    answer = ctypes.c_int(0)
    return _prctl(PR_GET_CHILD_SUBREAPER, ctypes.addressof(answer)) and bool(answer.value)


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0)
