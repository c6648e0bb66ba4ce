"""How long programs waited for a processor core: a lag that is nobody's fault but the machine's.

The kernel counts it for each thread in /proc/PID/task/TID/schedstat, second field, in
nanoseconds; Documentation/scheduler/sched-stats.rst.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


def run_delays_ns(pid: int) -> dict[int, int]:
    """The wait of each living thread of a process; empty where it is gone or not counted."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return {}
    delays = {int(thread): _run_delay_ns(pid, thread) for thread in threads}
    return {thread: delay for thread, delay in delays.items() if delay is not None}


def run_delay_ns(pid: int) -> int:
    """The waits of all its living threads together; 0 where it is gone or not counted."""
    return sum(run_delays_ns(pid).values())


def _run_delay_ns(pid: int, thread: str) -> int | None:
    try:
        with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1])
    except (OSError, IndexError, ValueError):
        return None


@dataclass(slots=True)
class CoreWait:
    """The wait of one process since the last look; a thread that ended takes nothing back."""

    pid: int
    _seen: Mapping[int, int] = field(default_factory=dict)

    def since_last_ns(self) -> int:
        """How much was added; the first look counts from the start of the process."""
        now = run_delays_ns(self.pid)
        added = sum(delay - self._seen.get(thread, 0) for thread, delay in now.items())
        self._seen = now
        return max(added, 0)
