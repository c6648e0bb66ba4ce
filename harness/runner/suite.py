"""A whole command: files in, a suite's verdict out, with news for whoever watches."""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from harness.checks.verdict import (
    CheckVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    SuiteVerdict,
)
from harness.clock import Clock
from harness.runner.labs import choose
from harness.runner.pool import Crash, Pool
from harness.runner.single import Job, carry_out
from harness.runner.work import Work
from harness.scenario.model import Scenario

POLL_S = 0.1


class Watcher(Protocol):
    """Who wants to know how it goes."""

    def planned(self, runs: int) -> None:
        """So many more runs are to come."""
        ...

    def tick(self, running: Sequence[str]) -> None:
        """Time passes; these runs are under way."""
        ...

    def run_ended(self, verdict: RunVerdict, /) -> None:
        """One run has its verdict."""
        ...

    def scenario_ended(self, verdict: ScenarioVerdict) -> None:
        """A file has its verdict."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about every scenario of a suite."""

    lab: str = "auto"
    seed: int = 1
    jobs: int = 0
    prove: bool = False
    retries: int = 1
    overrides: Mapping[str, str] = field(default_factory=dict)
    out: Path = Path("harness-out")


def default_jobs() -> int:
    """Runs side by side when nothing is asked: programs under test mostly sleep, but every one
    of them has to be started, and a starved machine makes bounds inconclusive."""
    return max(2, min(16, 2 * (os.cpu_count() or 1)))


Loaded = tuple[Scenario, ...]
Key = tuple[Work, tuple[int, int], str]


class Suite:
    """Runs loaded scenario files and gathers their verdicts."""

    def __init__(self, options: Options, clock: Clock, watcher: Watcher) -> None:
        self._options = options
        self._clock = clock
        self._watcher = watcher
        self._done: dict[str, ScenarioVerdict] = {}
        self._interrupted = False

    def run(self, files: Sequence[Loaded]) -> SuiteVerdict:
        """Run them all; returns whatever came in when the user interrupts."""
        began_ns = self._clock.monotonic_ns()
        pool: Pool[RunVerdict] = Pool(self._options.jobs or default_jobs(), self._clock)
        works = [work for variants in files if (work := self._work(variants))]
        try:
            with self._interrupts(pool):
                self._drive(works, pool)
        finally:
            pool.close()
        order = [variants[0].path for variants in files]
        return SuiteVerdict(
            scenarios=tuple(self._done[path] for path in order if path in self._done),
            seed=self._options.seed,
            lab=self._options.lab,
            wall_ns=self._clock.monotonic_ns() - began_ns,
            proved=self._options.prove,
            interrupted=self._interrupted,
        )

    def _work(self, variants: Loaded) -> Work | None:
        choice = choose(self._options.lab, variants)
        if choice.lab is None:
            self._skip(variants, choice.refusals)
            return None
        return Work(
            variants=variants,
            lab=choice.lab,
            seed=self._options.seed,
            folder=self._options.out / bundle_name(variants[0].path),
            prove=self._options.prove,
            retries=self._options.retries,
            overrides=self._options.overrides,
        )

    def _skip(self, variants: Loaded, refusals: Sequence[object]) -> None:
        reasons = "; ".join(str(getattr(each, "reason", each)) for each in refusals)
        remedies = dict.fromkeys(str(getattr(each, "remedy", "")) for each in refusals)
        verdict = ScenarioVerdict(
            scenario=variants[0].claim,
            path=variants[0].path,
            lab=self._options.lab,
            outcome=Outcome.SKIPPED,
            reason=reasons,
            remedy="; ".join(remedies),
            seed=self._options.seed,
        )
        self._end(verdict)

    def _end(self, verdict: ScenarioVerdict) -> None:
        self._done[verdict.path] = verdict
        self._watcher.scenario_ended(verdict)

    def _drive(self, works: Sequence[Work], pool: Pool[RunVerdict]) -> None:
        open_runs = {id(work): self._submit(work, pool) for work in works}
        while pool.busy:
            self._watcher.tick([key[2] for key in pool.running])  # type: ignore[index]
            for key, result in pool.results(POLL_S):
                work = self._take(key, result, pool, open_runs)  # type: ignore[arg-type]
                if open_runs[id(work)] == 0:
                    self._end(work.verdict())
        for work in works:
            if open_runs[id(work)] and work.verdict().runs:
                self._end(work.verdict())

    def _submit(self, work: Work, pool: Pool[RunVerdict]) -> int:
        jobs = list(work.next_jobs())
        for key, job in jobs:
            self._start(work, key, job, pool)
        self._watcher.planned(len(jobs))
        return len(jobs)

    def _start(self, work: Work, key: tuple[int, int], job: Job, pool: Pool[RunVerdict]) -> None:
        label = " ".join(filter(None, (work.variants[0].claim, job.scenario.variant, job.mutant)))
        pool.submit((work, key, label), functools.partial(carry_out, job, self._clock))

    def _take(
        self,
        key: Key,
        result: RunVerdict | Crash,
        pool: Pool[RunVerdict],
        open_runs: dict[int, int],
    ) -> Work:
        work, run_key, _ = key
        verdict = self._crashed(work, run_key, result) if isinstance(result, Crash) else result
        again = None if self._interrupted else work.take(run_key, verdict)
        if self._interrupted:
            work.keep(run_key, verdict)
        self._watcher.run_ended(verdict)
        open_runs[id(work)] -= 1
        if again is not None:
            open_runs[id(work)] += 1
            self._watcher.planned(1)
            self._start(work, run_key, again, pool)
        elif not self._interrupted:
            open_runs[id(work)] += self._submit(work, pool)
        return work

    def _crashed(self, work: Work, key: tuple[int, int], crash: Crash) -> RunVerdict:
        scenario = work.series[key[0]].scenario
        why = "interrupted" if self._interrupted else crash.text
        rule = CheckVerdict("the harness did its part", Outcome.ERROR, why, scenario.place)
        return RunVerdict(
            scenario=scenario.claim,
            path=scenario.path,
            variant=scenario.variant,
            seed=self._options.seed,
            lab=work.lab.name,
            outcome=Outcome.ERROR,
            checks=(),
            rules=(rule,),
        )

    @contextmanager
    def _interrupts(self, pool: Pool[RunVerdict]) -> Iterator[None]:
        """While runs are under way an interrupt asks them to end, a second one kills them."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._interrupted = True
            pool.interrupt()

        before = {number: signal.signal(number, handle) for number in _INTERRUPTS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def bundle_name(path: str) -> str:
    """A folder name for a scenario's bundles: its own path from here, made flat."""
    try:
        relative = Path(path).resolve().relative_to(Path.cwd())
    except ValueError:
        relative = Path(*Path(path).resolve().parts[-2:])
    return "--".join(relative.with_suffix("").parts)
