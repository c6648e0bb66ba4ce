"""The runs that one scenario file owes, and the verdict once they are in.

Pure bookkeeping: it says which runs are wanted next and takes their verdicts; somebody else
carries them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.checks.claims import decided, pool
from harness.checks.mutants import judge_mutant
from harness.checks.verdict import (
    CheckVerdict,
    MutantVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    worst,
)
from harness.labs.base import Lab
from harness.rng import derived_seed
from harness.runner.single import Job
from harness.scenario.model import Mutant, Scenario
from harness.scenario.rules import unbroken


def run_seed(root: int, number: int) -> int:
    """The seed of a variant's ``number``-th run, from 1: the first is the root seed itself."""
    return root if number == 1 else derived_seed(root, f"run/{number}")


@dataclass(slots=True)
class _Series:
    """The runs of one variant, or of one mutant of it."""

    scenario: Scenario
    mutant: Mutant | None = None
    asked: int = 0
    looks: int = 0
    runs: dict[int, RunVerdict] = field(default_factory=dict)
    dropped: list[RunVerdict] = field(default_factory=list)

    @property
    def verdicts(self) -> tuple[RunVerdict, ...]:
        return tuple(self.runs[number] for number in sorted(self.runs))

    def wanted(self) -> int:
        """How many more runs to ask for now."""
        low = int(self.scenario.seeds.low or 1)
        high = int(self.scenario.seeds.high or low)
        if self.asked < low:
            return low - self.asked
        if len(self.runs) < self.asked or self.asked >= high:
            return 0
        self.looks += 1
        if decided(self.scenario, self.verdicts):
            return 0
        return min(low, high - self.asked)


@dataclass(slots=True)
class Work:
    """Everything that one file owes in one lab."""

    variants: tuple[Scenario, ...]
    lab: Lab
    seed: int
    folder: Path
    prove: bool = False
    retries: int = 1
    seeds: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    series: list[_Series] = field(init=False)

    def __post_init__(self) -> None:
        self.series = [_Series(variant) for variant in self.variants]
        if self.prove:
            self.series += [
                _Series(mutant.scenario, mutant)
                for variant in self.variants
                for mutant in variant.mutants
            ]

    def next_jobs(self) -> Iterator[tuple[tuple[int, int], Job]]:
        """Runs that can start now, each with a key to hand back to :meth:`take`."""
        for index, series in enumerate(self.series):
            for _ in range(series.wanted()):
                series.asked += 1
                yield (index, series.asked), self._job(series, index, series.asked, 1)

    def take(self, key: tuple[int, int], verdict: RunVerdict) -> Job | None:
        """Note a verdict. The same run again, if it was inconclusive and may be repeated."""
        index, number = key
        series = self.series[index]
        if verdict.outcome is Outcome.INCONCLUSIVE and verdict.attempt <= self.retries:
            series.dropped.append(verdict)
            return self._job(series, index, number, verdict.attempt + 1)
        series.runs[number] = verdict
        return None

    def keep(self, key: tuple[int, int], verdict: RunVerdict) -> None:
        """Note a verdict for good, however it came out."""
        self.series[key[0]].runs[key[1]] = verdict

    def _job(self, series: _Series, index: int, number: int, attempt: int) -> Job:
        parts = [str(index + 1), f"run{number}"] + ([f"again{attempt}"] if attempt > 1 else [])
        mutant = series.mutant
        return Job(
            scenario=series.scenario,
            lab=self.lab,
            seed=run_seed(self.seed, number),
            folder=self.folder / "-".join(parts),
            overrides=self.overrides,
            mutant=mutant.name if mutant else "",
            edits=mutant.edits if mutant else {},
            attempt=attempt,
        )

    def verdict(self) -> ScenarioVerdict:
        """What became of the file; runs that never came back are simply not in it.

        Its time is that of its runs, mutants and repeats included, one after the other.
        """
        honest = [series for series in self.series if series.mutant is None]
        runs = tuple(run for series in honest for run in series.verdicts)
        claims = tuple(claim for series in honest for claim in self._claims(series))
        # Where this lab cannot see what the checks rest on, mutants cannot be killed here either.
        provable = worst(run.outcome for run in runs) is not Outcome.SKIPPED
        mutants = self._mutants() if provable else ()
        loose = unbroken(self.variants[0]) if self.prove and provable else ()
        return ScenarioVerdict(
            scenario=self.variants[0].claim,
            path=self.variants[0].path,
            lab=self.lab.name,
            outcome=self._outcome(runs, claims, mutants, loose),
            runs=runs,
            claims=claims,
            mutants=mutants,
            unbroken=loose,
            seed=self.seed,
            wall_ns=self._wall_ns(),
        )

    def _wall_ns(self) -> int:
        every = (run for series in self.series for run in (*series.verdicts, *series.dropped))
        return sum(run.wall_ns for run in every)

    def _claims(self, series: _Series) -> tuple[CheckVerdict, ...]:
        return pool(series.scenario, series.verdicts, looks=max(1, series.looks))

    def _mutants(self) -> tuple[MutantVerdict, ...]:
        return tuple(
            judge_mutant(series.mutant, series.verdicts)
            for series in self.series
            if series.mutant is not None
        )

    def _outcome(
        self,
        runs: tuple[RunVerdict, ...],
        claims: tuple[CheckVerdict, ...],
        mutants: tuple[MutantVerdict, ...],
        loose: tuple[str, ...],
    ) -> Outcome:
        if not runs:
            return Outcome.ERROR
        outcomes = [run.outcome for run in runs] + [claim.outcome for claim in claims]
        if loose or any(mutant.alive for mutant in mutants):
            outcomes.append(Outcome.FAILED)
        if any(mutant.skipped for mutant in mutants):
            outcomes.append(Outcome.SKIPPED)
        return worst(outcomes)
