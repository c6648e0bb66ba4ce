"""Verdicts for a person at a terminal, or for a log.

A line for each scenario; below a bad one each check that went wrong: its claim, its place, why,
and the ladder around the moment. Colour only where the stream is a terminal that wants it.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from harness.checks.verdict import (
    CheckVerdict,
    MutantVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    SuiteVerdict,
)
from harness.trace.text import visible

Ladder = Callable[[str, Sequence[int], int], list[str]]

SECOND_NS = 1_000_000_000
MAX_CHECKS_SHOWN = 6
_COLOURS = {
    Outcome.PASSED: "32",
    Outcome.FAILED: "31",
    Outcome.ERROR: "35",
    Outcome.INCONCLUSIVE: "33",
    Outcome.SKIPPED: "36",
}


def wants_colour(stream: TextIO) -> bool:
    """Whether escapes are welcome there; https://no-color.org and TERM=dumb are heeded."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


class Console:
    """Writes verdicts to a text stream. ``ladder`` draws the moment of a run."""

    def __init__(self, stream: TextIO, *, ladder: Ladder) -> None:
        self._stream = stream
        self._ladder = ladder
        self._colour = wants_colour(stream)

    def line(self, text: str = "") -> None:
        """Write one line, and let it be seen at once."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        safe = text.encode(encoding, "backslashreplace").decode(encoding)
        print(safe, file=self._stream, flush=True)

    def _painted(self, text: str, outcome: Outcome) -> str:
        return f"\x1b[{_COLOURS[outcome]}m{text}\x1b[0m" if self._colour else text

    def begin(self, *, files: int, seed: int, lab: str) -> None:
        """Say what is about to run."""
        self.line(f"{files} scenario{'s' * (files != 1)}, lab {lab}, seed {seed}")

    def scenario(self, verdict: ScenarioVerdict) -> None:
        """The line for a scenario, and what is to be said of a bad one."""
        word = self._painted(f"{verdict.outcome.value:<12}", verdict.outcome)
        took = f"{verdict.wall_ns / SECOND_NS:6.1f} s" if verdict.runs else " " * 8
        self.line(f"{word} {took}  {visible(verdict.scenario)}  [{verdict.path}]{_extent(verdict)}")
        for line in self._details(verdict):
            self.line(line)

    def _details(self, verdict: ScenarioVerdict) -> Iterator[str]:
        if verdict.reason:
            yield f"    {verdict.reason}"
        if verdict.remedy:
            yield f"    remedy: {verdict.remedy}"
        for run in verdict.runs:
            if run.outcome is not Outcome.PASSED:
                yield from self._run(run)
        for claim in verdict.claims:
            if claim.outcome is not Outcome.PASSED:
                yield from self._check(claim, "")
        for mutant in verdict.mutants:
            if not mutant.killed:
                yield from _mutant(mutant)
        for name in verdict.unbroken:
            yield f"    no mutant breaks the check '{visible(name)}': a check that cannot fail"
        if verdict.outcome is not Outcome.PASSED and verdict.runs:
            yield f"    again: {repeat_command(verdict)}"

    def _run(self, run: RunVerdict) -> Iterator[str]:
        where = " ".join(filter(None, (run.variant, f"seed {run.seed}")))
        yield f"    run: {where}  bundle: {run.bundle}"
        bad = [check for check in run.all if check.outcome not in (Outcome.PASSED,)]
        for check in bad[:MAX_CHECKS_SHOWN]:
            yield from self._check(check, run.bundle)
        if len(bad) > MAX_CHECKS_SHOWN:
            yield f"    … and {len(bad) - MAX_CHECKS_SHOWN} more; see the bundle"

    def _check(self, check: CheckVerdict, bundle: str) -> Iterator[str]:
        member = f" ({check.member})" if check.member else ""
        word = self._painted(check.outcome.value, check.outcome)
        yield f"    {word}: {visible(check.name)}{member}"
        if check.text:
            yield f"      {check.place}: {visible(check.text)}"
        else:
            yield f"      {check.place}"
        yield f"      {visible(check.reason)}"
        if bundle and check.evidence:
            for line in self._ladder(bundle, check.evidence, check.deciding):
                yield f"      {line}"

    def summary(self, suite: SuiteVerdict) -> None:
        """The last lines: counts, skips by reason, and the whole's verdict."""
        counts = Counter(each.outcome for each in suite.scenarios)
        parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
        if suite.proved:
            mutants = [mutant for each in suite.scenarios for mutant in each.mutants]
            killed = sum(mutant.killed for mutant in mutants)
            parts.append(f"{killed} of {len(mutants)} mutants killed")
        took = f"{suite.wall_ns / SECOND_NS:.1f} s"
        ended = "interrupted: " if suite.interrupted else ""
        self.line(f"{ended}{', '.join(parts) or 'nothing ran'} in {took}")


def _extent(verdict: ScenarioVerdict) -> str:
    runs = f", {len(verdict.runs)} runs" if len(verdict.runs) > 1 else ""
    again = sum(run.attempt > 1 for run in verdict.runs)
    repeats = f", {again} tried again" if again else ""
    killed = sum(mutant.killed for mutant in verdict.mutants)
    proved = f", {killed} of {len(verdict.mutants)} mutants killed" if verdict.mutants else ""
    return runs + repeats + proved


def _mutant(mutant: MutantVerdict) -> Iterator[str]:
    yield f"    mutant not killed: {visible(mutant.name)}"
    yield f"      {mutant.place}"
    yield f"      {visible(mutant.reason)}"
    yield from (f"      bundle: {run.bundle}" for run in mutant.runs[:1] if run.bundle)


def repeat_command(verdict: ScenarioVerdict) -> str:
    """The command that runs this scenario again as it was."""
    seed = f" --seed {verdict.seed}"
    prove = " --prove" if verdict.mutants or verdict.unbroken else ""
    return f"harness run {shlex.quote(verdict.path)} --lab {verdict.lab}{seed}{prove}"
