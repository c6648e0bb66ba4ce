"""Whether a mutant was killed: exactly the checks that it is to break failed in its runs.

Owns the comparison and its explanation. Rules do not count as checks here: a mutant that crashes
has not been caught by the check that was written for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checks.bindings import singles_of
from harness.checks.claims import claim_checks, pool
from harness.checks.invariants import PROGRAMS_END_WELL, PROGRAMS_START
from harness.checks.verdict import CheckVerdict, MutantVerdict, Outcome, RunVerdict
from harness.scenario.model import Kind, Mutant


def judge_mutant(mutant: Mutant, runs: Sequence[RunVerdict]) -> MutantVerdict:
    """Compare what failed over all runs of a mutant, claims over runs included, with ``breaks``.

    A run that is an error kills nothing, because what fails in it may be the rig's doing; neither
    does one that is only inconclusive, because nothing failed in it.
    """
    verdicts = list(_check_verdicts(mutant, runs))
    broken = {verdict.name for verdict in verdicts if verdict.outcome is Outcome.FAILED}
    order = [check.name for check in mutant.scenario.checks]
    failed = tuple(name for name in order if name in broken)
    reason = (
        _unusable(mutant, runs)
        or _survival(mutant, failed, verdicts)
        or f"killed: {_listed(failed)} failed as it should"
    )
    killed = not _unusable(mutant, runs) and set(failed) == set(mutant.breaks)
    return MutantVerdict(
        name=mutant.name,
        place=mutant.place,
        killed=killed,
        reason=reason,
        expected=mutant.breaks,
        failed=failed,
        runs=tuple(runs),
        skipped=not killed and _unprovable(mutant, failed, verdicts),
    )


def _unprovable(
    mutant: Mutant, failed: Sequence[str], verdicts: Sequence[CheckVerdict]
) -> bool:
    """Whether nothing is amiss but that checks which should fail were skipped."""
    skipped = {v.name for v in verdicts if v.outcome is Outcome.SKIPPED}
    missing = set(mutant.breaks) - set(failed)
    return bool(missing) and missing <= skipped and set(failed) <= set(mutant.breaks)


def _check_verdicts(mutant: Mutant, runs: Sequence[RunVerdict]) -> Iterator[CheckVerdict]:
    """The verdicts that count: of each run for plain checks, over the runs for claims."""
    claims = {check.name for check in claim_checks(mutant.scenario)}
    for run in runs:
        yield from (verdict for verdict in run.checks if verdict.name not in claims)
    for variant in dict.fromkeys(run.variant for run in runs):
        same = [run for run in runs if run.variant == variant]
        yield from pool(mutant.scenario, same, looks=1)


def _unusable(mutant: Mutant, runs: Sequence[RunVerdict]) -> str:
    """Why these runs cannot kill anything, empty where they can.

    A program that crashes although no check looks at its end may be a mutant that does not even
    run: whatever fails then proves nothing about the checks.
    """
    if not runs:
        return "it was not run"
    for run in runs:
        for verdict in (*run.rules, *run.checks):
            if verdict.outcome is Outcome.ERROR:
                cause = "its programs were not ready" if verdict.name == PROGRAMS_START else "error"
                return f"{cause} (seed {run.seed}): {verdict.reason}"
            crashed = verdict.name == PROGRAMS_END_WELL and verdict.outcome is Outcome.FAILED
            if crashed and not _expects_an_exit(mutant):
                return f"what failed may have failed for another reason: {verdict.reason}"
    return ""


def _expects_an_exit(mutant: Mutant) -> bool:
    """Whether a check that should fail looks at how a program ends."""
    expected = (check for check in mutant.scenario.checks if check.name in mutant.breaks)
    return any(
        single.kind in (Kind.EXIT, Kind.ENDED)
        for check in expected
        for part in check.parts
        for single in singles_of(part)
    )


def _survival(mutant: Mutant, failed: Sequence[str], verdicts: Sequence[CheckVerdict]) -> str:
    """How what failed differs from what should, empty where it does not."""
    parts = [
        f"{name!r} {_instead(name, verdicts)} although it should fail"
        for name in mutant.breaks
        if name not in failed
    ]
    also = [name for name in failed if name not in mutant.breaks]
    if also:
        parts.append(f"it also broke {_listed(also)}")
    return "survived: " + "; ".join(parts) if parts else ""


def _instead(name: str, verdicts: Sequence[CheckVerdict]) -> str:
    """What a check did that did not fail: the least that any run can say for it."""
    own = [verdict for verdict in verdicts if verdict.name == name]
    if not own:
        return "was not judged"
    for verdict in own:
        if verdict.outcome is not Outcome.PASSED:
            return f"was {verdict.outcome} ({verdict.reason})"
    return f"passed ({own[-1].reason})" if own[-1].reason else "passed"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
