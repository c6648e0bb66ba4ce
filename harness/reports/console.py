"""Verdicts for a person at a terminal, or for a log.

A line for each scenario; below a bad one each check that went wrong: its claim, its place, why,
and the ladder around the moment. Colour only where the stream is a terminal that wants it.
"""

from __future__ import annotations

import contextlib
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
from harness.reports.troubles import bad_checks, bad_claims, skips
from harness.trace.text import ascii_only, visible

Ladder = Callable[[str, Sequence[int], int], list[str]]

SECOND_NS = 1_000_000_000
MAX_CHECKS_SHOWN = 6
INTERRUPTED = "interrupted"
"""The reason of a run that the user ended: no moment of it is worth a drawing."""
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
    """Writes verdicts to a text stream. ``ladder`` draws the moment of a run.

    A stream that takes no more does not end the command: the verdicts, their exit code and the
    other reports do not depend on it. ``trouble`` says what went wrong, and is empty where the
    reader only left (``| head``).
    """

    def __init__(self, stream: TextIO, *, ladder: Ladder, repeatable: bool = True) -> None:
        self._stream = stream
        self._ladder = ladder
        self._colour = wants_colour(stream)
        self._repeatable = repeatable
        self._gone = False
        self.trouble = ""

    def line(self, text: str = "") -> None:
        """Write one line, and let it be seen at once."""
        if self._gone:
            return
        try:
            print(harmless(writable(text, self._stream)), file=self._stream, flush=True)
        except BrokenPipeError:
            self._abandon()
        except OSError as error:
            self._abandon()
            self.trouble = f"cannot write the report: {error.strerror}"

    def _abandon(self) -> None:
        """Write no more. What is left in the stream's buffer goes nowhere, or every later flush,
        those of forked runs and of the interpreter's end included, would fail anew."""
        self._gone = True
        with contextlib.suppress(OSError):  # a stream without a descriptor keeps its buffer
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)

    def _painted(self, text: str, outcome: Outcome) -> str:
        return f"\x1b[{_COLOURS[outcome]}m{text}\x1b[0m" if self._colour else text

    def begin(self, *, files: int, seed: int, lab: str) -> None:
        """Say what is about to run."""
        self.line(f"{files} scenario{'s' * (files != 1)}, lab {lab}, seed {seed}")

    def scenario(self, verdict: ScenarioVerdict) -> None:
        """The line for a scenario, and what is to be said of a bad one."""
        word = self._painted(f"{verdict.outcome.value:<12}", verdict.outcome)
        took = f"{verdict.wall_ns / SECOND_NS:6.1f} s" if verdict.runs else " " * 8
        claim, path = visible(verdict.scenario), visible(verdict.path)
        self.line(f"{word} {took}  {claim}  [{path}]{_extent(verdict)}")
        for line in self._details(verdict):
            self.line(line)

    def _details(self, verdict: ScenarioVerdict) -> Iterator[str]:
        yield from _spoken(verdict.reason)
        if verdict.remedy:
            yield f"    remedy: {visible(verdict.remedy)}"
        yield from self._runs(verdict)
        for claim in bad_claims(verdict):
            yield from self._check(claim, "")
        for mutant in verdict.mutants:
            if mutant.alive:
                yield from _mutant(mutant)
        for name in verdict.unbroken:
            yield f"    no mutant breaks the check '{visible(name)}': a check that cannot fail"
        fine = verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED)
        if self._repeatable and not fine and verdict.runs:
            yield from (f"    {line}" for line in repeat_lines(verdict))

    def _runs(self, verdict: ScenarioVerdict) -> Iterator[str]:
        """Each thing that went wrong in full where it first did, then only counted."""
        again: Counter[str] = Counter()
        for run in verdict.runs:
            bad = bad_checks(verdict, run)
            fresh = [check for check in bad if check.name not in again]
            again.update(check.name for check in bad)
            if fresh:
                yield from self._run(run, fresh)
        for name, times in again.items():
            if times > 1:
                yield f"    {visible(name)}: so it was {times} times"

    def _run(self, run: RunVerdict, bad: Sequence[CheckVerdict]) -> Iterator[str]:
        where = " ".join(filter(None, (run.variant, f"seed {run.seed}")))
        bundle = f"  bundle: {visible(run.bundle)}" if self._repeatable else ""
        yield f"    run: {visible(where)}{bundle}"
        for check in bad[:MAX_CHECKS_SHOWN]:
            yield from self._check(check, run.bundle)
        if len(bad) > MAX_CHECKS_SHOWN:
            yield f"    … and {len(bad) - MAX_CHECKS_SHOWN} more; see the bundle"

    def _check(self, check: CheckVerdict, bundle: str) -> Iterator[str]:
        member = f" ({visible(check.member)})" if check.member else ""
        word = self._painted(check.outcome.value, check.outcome)
        yield f"    {word}: {visible(check.name)}{member}"
        first, *more = check.text.split("\n")
        yield f"      {visible(str(check.place))}" + (f": {visible(first)}" if first else "")
        yield from (f"        {visible(line)}" for line in more)
        finest = f" (resolution {check.resolution_ns / 1e6:.3f} ms)" if check.resolution_ns else ""
        yield f"      {visible(check.reason)}{finest}"
        if bundle and check.reason != INTERRUPTED:
            for line in self._ladder(bundle, check.evidence, check.deciding):
                yield f"      {line}"

    def summary(self, suite: SuiteVerdict) -> None:
        """The last lines: skips by reason, counts, and the whole's verdict."""
        for line in _skip_lines(suite):
            self.line(line)
        for note in suite.notes:
            self.line(f"note: {visible(note)}")
        counts = Counter(each.outcome for each in suite.scenarios)
        parts = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
        if suite.proved:
            mutants = [mutant for each in suite.scenarios for mutant in each.mutants]
            killed = sum(mutant.killed for mutant in mutants)
            parts.append(f"{killed} of {len(mutants)} mutants killed")
        took = f"{suite.wall_ns / SECOND_NS:.1f} s"
        ended = "interrupted: " if suite.interrupted else ""
        self.line(f"{ended}{', '.join(parts) or 'nothing ran'} in {took}, seed {suite.seed}")


def writable(text: str, stream: TextIO) -> str:
    """The text as the stream's encoding can take it."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return ascii_only(text)
    return text


def harmless(line: str) -> str:
    """The line so that GitHub's runner takes it for text, never for a command.

    The runner obeys ``::name::`` at the start of a line, spaces before it included, and
    ``##[name]`` anywhere in it (actions/runner, ActionCommand.cs).
    """
    if line.lstrip().startswith("::"):
        line = line.replace("::", "\\x3a:", 1)
    return line.replace("##[", "#\\x23[")


def _spoken(reason: str) -> Iterator[str]:
    if reason:
        yield from (f"    {visible(line)}" for line in reason.split("\n"))


def _skip_lines(suite: SuiteVerdict) -> Iterator[str]:
    for (reason, remedy), names in skips(suite).items():
        yield f"skipped: {visible(reason)}"
        yield from (f"    {visible(name)}" for name in names[:MAX_CHECKS_SHOWN])
        if len(names) > MAX_CHECKS_SHOWN:
            yield f"    … and {len(names) - MAX_CHECKS_SHOWN} more"
        if remedy:
            yield f"    remedy: {visible(remedy)}"


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


def repeat_lines(verdict: ScenarioVerdict) -> Iterator[str]:
    """How to see it again: the whole scenario, and the first bad run with the same fates."""
    yield f"again: {visible(repeat_command(verdict))}"
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    bad = next((run.bundle for run in verdict.runs if run.outcome not in fine), "")
    if bad:
        yield f"the same fates: harness replay {visible(shlex.quote(bad))}"


def repeat_command(verdict: ScenarioVerdict) -> str:
    """The command that runs this scenario again as it was."""
    seed = f" --seed {verdict.seed}"
    prove = " --prove" if verdict.mutants or verdict.unbroken else ""
    return f"harness run {shlex.quote(verdict.path)} --lab {verdict.lab}{seed}{prove}"
