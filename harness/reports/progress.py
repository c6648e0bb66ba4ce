"""News while a suite runs: on a terminal one line that changes, elsewhere plain lines.

No thread of its own (the runner forks): the caller ticks.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TextIO

from harness.checks.verdict import RunVerdict, ScenarioVerdict
from harness.clock import SECOND_NS, Clock
from harness.reports.console import Console, wants_colour, writable
from harness.trace.text import excerpt, visible

QUIET_NS = 15 * SECOND_NS
"""In a log, a line at least so often, so that nobody takes a long run for a dead one."""


class Progress:
    """Watches a suite; a context manager, so that the changing line is wiped at the end."""

    def __init__(self, stream: TextIO, console: Console, clock: Clock) -> None:
        self._stream = stream
        self._console = console
        self._clock = clock
        self._live = wants_colour(stream)
        self._planned = 0
        self._ended = 0
        self._began_ns = clock.monotonic_ns()
        self._told_ns = self._began_ns
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()

    def planned(self, runs: int) -> None:
        """So many more runs are to come."""
        self._planned += runs

    def tick(self, running: Sequence[str]) -> None:
        """Time passes."""
        now_ns = self._clock.monotonic_ns()
        seconds = (now_ns - self._began_ns) // SECOND_NS
        news = f"{self._ended} of {self._planned} runs, {seconds} s, running: "
        names = ", ".join(visible(name) for name in running)
        if self._live:
            self._draw(news + names)
        elif now_ns - self._told_ns >= QUIET_NS:
            self._told_ns = now_ns
            self._console.line(f"… {excerpt(news + names, 160)}")

    def run_ended(self, _verdict: RunVerdict, /) -> None:
        """One run has its verdict."""
        self._ended += 1

    def scenario_ended(self, verdict: ScenarioVerdict) -> None:
        """A file has its verdict: print it above the changing line."""
        self._wipe()
        self._told_ns = self._clock.monotonic_ns()
        self._console.scenario(verdict)

    def _draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        line = excerpt(writable(text, self._stream), width)
        self._stream.write(f"\r\x1b[K{writable(line, self._stream)}")
        self._stream.flush()
        self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False
