"""What in a verdict is worth telling: the checks that went wrong, the skips by reason.

Shared by the writers, so that they tell of the same things. A check that is judged over runs (a
share pooled over seeds, ``holds``) is told as its claim, never as a failure of a single run.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.verdict import (
    CheckVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    SuiteVerdict,
)


def own_checks(verdict: ScenarioVerdict, run: RunVerdict) -> Iterator[CheckVerdict]:
    """The checks and rules of a run that are judged in that run alone."""
    claimed = {claim.name for claim in verdict.claims}
    yield from (check for check in run.checks if check.name not in claimed)
    yield from run.rules


def bad_checks(verdict: ScenarioVerdict, run: RunVerdict) -> list[CheckVerdict]:
    """Those of a run that did not pass and were not skipped either.

    Of a run that was broken off only the rule that says why: the checks say no more.
    """
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    bad = [check for check in own_checks(verdict, run) if check.outcome not in fine]
    return [check for check in bad if not check.reason.startswith("not judged: ")] or bad


def bad_claims(verdict: ScenarioVerdict) -> list[CheckVerdict]:
    """Claims over runs that did not pass and were not skipped either."""
    fine = (Outcome.PASSED, Outcome.SKIPPED)
    return [claim for claim in verdict.claims if claim.outcome not in fine]


def skips(suite: SuiteVerdict) -> dict[tuple[str, str], list[str]]:
    """What was skipped, by reason and remedy: scenarios, and checks of scenarios that ran."""
    found: dict[tuple[str, str], list[str]] = {}
    for scenario in suite.scenarios:
        if scenario.outcome is Outcome.SKIPPED and scenario.reason:
            found.setdefault((scenario.reason, scenario.remedy), []).append(scenario.scenario)
        for reason, name in _skipped_checks(scenario):
            what = f"{name} ({scenario.scenario})"
            names = found.setdefault((reason, ""), [])
            if what not in names:
                names.append(what)
    return found


def _skipped_checks(verdict: ScenarioVerdict) -> Iterator[tuple[str, str]]:
    for run in verdict.runs:
        for check in own_checks(verdict, run):
            if check.outcome is Outcome.SKIPPED:
                yield check.reason, check.name
    yield from ((c.reason, c.name) for c in verdict.claims if c.outcome is Outcome.SKIPPED)
    for mutant in verdict.mutants:
        if mutant.skipped:
            yield "this lab cannot see what would kill the mutant", mutant.name
