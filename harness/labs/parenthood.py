"""Dying with one's parent, on systems that offer it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; prctl(2).

    ``parent`` is the parent's id as it was before the fork: if it is no longer ours, it died in
    between and the signal will never come, so we end here. Elsewhere than on Linux nothing
    happens, and the guardian's pipe alone notices the end of the harness.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        return
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
