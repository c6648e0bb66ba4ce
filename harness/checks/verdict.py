"""What a judge says: frozen verdicts, from one anchor up to a whole run of scenarios.

The worst counts, at every level: failed, error, inconclusive, skipped, passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from harness.errors import Place
from harness.trace.events import Header


class Outcome(StrEnum):
    """The five verdicts."""

    PASSED = "passed"
    SKIPPED = "skipped"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    FAILED = "failed"


_BADNESS = {outcome: rank for rank, outcome in enumerate(Outcome)}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes; of none it is ``passed``."""
    return max(outcomes, key=_BADNESS.__getitem__, default=Outcome.PASSED)


@dataclass(frozen=True, slots=True)
class Tally:
    """Hits of trials, for a share that is pooled over seeds. ``clustered``: fates in one run
    depend on one another, so the run is the unit."""

    hits: int
    total: int
    clustered: bool = False


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What became of one check (or always-on rule) in one run.

    ``reason`` is one sentence with the numbers that decided; ``evidence`` event numbers, of which
    ``deciding`` is the one that settled it (0: none); ``at_ns`` the moment it went wrong.
    ``member`` names the group members it is about. ``resolution_ns`` is the lag that the answer
    could not have been finer than. ``window_ns`` is the stretch that was looked at.
    """

    name: str
    outcome: Outcome
    reason: str
    place: Place
    text: str = ""
    evidence: tuple[int, ...] = ()
    deciding: int = 0
    at_ns: int | None = None
    window_ns: tuple[int, int] | None = None
    member: str = ""
    resolution_ns: int = 0
    value: str = ""
    tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """One run of one variant: its checks, and the rules that are always judged."""

    scenario: str
    path: str
    variant: str
    seed: int
    lab: str
    outcome: Outcome
    checks: tuple[CheckVerdict, ...]
    rules: tuple[CheckVerdict, ...] = ()
    header: Header | None = None
    bundle: str = ""
    mutant: str = ""
    wall_ns: int = 0
    span_ns: int = 0
    datagrams: int = 0
    attempt: int = 1

    @property
    def all(self) -> tuple[CheckVerdict, ...]:
        return self.checks + self.rules


@dataclass(frozen=True, slots=True)
class MutantVerdict:
    """Whether a mutant was killed: its programs became ready, and exactly the checks in
    ``breaks`` failed in its runs. ``skipped``: the lab could not see what one of them rests on,
    so nothing is proved here either way."""

    name: str
    place: Place
    killed: bool
    reason: str
    expected: tuple[str, ...]
    failed: tuple[str, ...]
    runs: tuple[RunVerdict, ...] = ()
    skipped: bool = False

    @property
    def alive(self) -> bool:
        """Whether it survived although it could have been killed."""
        return not self.killed and not self.skipped


@dataclass(frozen=True, slots=True)
class ScenarioVerdict:
    """One scenario file in one lab: all variants and seeds, pooled claims, mutants.

    ``claims`` are checks judged over runs (``holds``, pooled shares). ``unbroken`` names the
    checks that no mutant breaks. ``reason`` is set for scenarios that did not run at all.
    """

    scenario: str
    path: str
    lab: str
    outcome: Outcome
    runs: tuple[RunVerdict, ...] = ()
    claims: tuple[CheckVerdict, ...] = ()
    mutants: tuple[MutantVerdict, ...] = ()
    unbroken: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    seed: int = 0
    wall_ns: int = 0


@dataclass(frozen=True, slots=True)
class SuiteVerdict:
    """Everything one command ran."""

    scenarios: tuple[ScenarioVerdict, ...]
    seed: int
    lab: str
    wall_ns: int = 0
    proved: bool = False
    interrupted: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def outcome(self) -> Outcome:
        return worst(scenario.outcome for scenario in self.scenarios)

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 failed, 3 error, 4 inconclusive, 5 nothing ran."""
        outcomes = {scenario.outcome for scenario in self.scenarios}
        codes = ((Outcome.FAILED, 1), (Outcome.ERROR, 3), (Outcome.INCONCLUSIVE, 4))
        for outcome, code in codes:
            if outcome in outcomes:
                return code
        return 0 if Outcome.PASSED in outcomes else 5
