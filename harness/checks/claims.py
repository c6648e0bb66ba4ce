"""Claims over the runs of one variant: pooled shares, and shares of runs (``holds``).

Owns which checks are claims, how their runs are put together, and when enough runs are seen. The
intervals come from ``statistics``; single runs are judged elsewhere.

A check that is a claim keeps the verdict of its own run in ``RunVerdict.checks``, for the reader;
it does not count there (``run_outcome``), because one run neither proves nor refutes a share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from harness.checks.statistics import (
    Interval,
    Standing,
    clopper_pearson,
    confidence_sequence,
    decide,
    run_interval,
)
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict, Tally, worst
from harness.scenario.model import Check, Scenario
from harness.units import Range, format_range, format_share

_OUTCOMES: Final = {
    Standing.INSIDE: Outcome.PASSED,
    Standing.OUTSIDE: Outcome.FAILED,
    Standing.ACROSS: Outcome.INCONCLUSIVE,
}


def run_outcome(
    scenario: Scenario, checks: Iterable[CheckVerdict], rules: Iterable[CheckVerdict]
) -> Outcome:
    """The outcome of one run: the worst of its rules and of the checks that are no claims."""
    claims = {check.name for check in claim_checks(scenario)}
    counted = [verdict for verdict in checks if verdict.name not in claims]
    return worst(verdict.outcome for verdict in (*counted, *rules))


def claim_checks(scenario: Scenario) -> tuple[Check, ...]:
    """The checks judged over runs: those with ``holds``, and shares where there are seeds."""
    several = _most_runs(scenario) > 1
    return tuple(
        check
        for check in scenario.checks
        if check.holds is not None or (several and is_share_check(check))
    )


def is_share_check(check: Check) -> bool:
    """Whether a check is one measured share. A contract's parts are judged run by run."""
    measure = check.parts[0].measure if len(check.parts) == 1 else None
    return not check.contract and measure is not None and measure.is_share


def _most_runs(scenario: Scenario) -> int:
    return int(scenario.seeds.high or scenario.seeds.low or 1)


def _least_runs(scenario: Scenario) -> int:
    return int(scenario.seeds.low or 1)


def decided(scenario: Scenario, runs: Sequence[RunVerdict]) -> bool:
    """Whether one variant needs no more runs: each claim is decided, or all its seeds are used."""
    if len(runs) < _least_runs(scenario):
        return False
    if len(runs) >= _most_runs(scenario):
        return True
    claims = pool(scenario, runs, looks=most_looks(scenario))
    return all(claim.outcome is not Outcome.INCONCLUSIVE for claim in claims)


def most_looks(scenario: Scenario) -> int:
    """How often the claims may be looked at: once, or after each run that a seed range allows."""
    return _most_runs(scenario) - _least_runs(scenario) + 1


def pool(scenario: Scenario, runs: Sequence[RunVerdict], *, looks: int) -> tuple[CheckVerdict, ...]:
    """Judge each claim over the runs of one variant, in the order of the file.

    ``looks`` is how often this may be asked before a decision: with more than one the intervals
    are those that stay true under repeated looks. A range of seeds pays for every look that it
    allows, however few were taken: when to stop was itself decided by what was seen. Clustered
    shares take the run as their unit.
    """
    looks = max(looks, most_looks(scenario))
    verdicts: list[CheckVerdict] = []
    for check in claim_checks(scenario):
        if check.holds is not None:
            verdicts.append(_judge_holds(check, check.holds, runs, looks))
        else:
            verdicts.extend(_judge_share(check, runs, looks))
    return tuple(verdicts)


def share_interval(tallies: Sequence[Tally], confidence: Fraction, looks: int) -> Interval:
    """The interval of one share from the tallies of its runs; their sum must not be empty."""
    if any(tally.clustered for tally in tallies):
        return run_interval([(tally.hits, tally.total) for tally in tallies], confidence, looks)
    hits, total = sum(tally.hits for tally in tallies), sum(tally.total for tally in tallies)
    exact = clopper_pearson if looks <= 1 else confidence_sequence
    return exact(hits, total, confidence)


def judge_tallies(
    tallies: Sequence[Tally], bounds: Range, confidence: Fraction, looks: int = 1
) -> tuple[Outcome, str]:
    """Judge a share from the tallies of its runs: the outcome, and the sentence that says why.

    None and all are facts, not estimates: ``0%`` and ``100%`` are settled by counting, whatever
    the fates depend on. More hits than trials is outside every range with an upper end; where
    there is none, the interval is that of a share of 100 %.
    """
    hits, total = sum(tally.hits for tally in tallies), sum(tally.total for tally in tallies)
    wanted = format_range(bounds, format_share)
    if total == 0:
        return Outcome.FAILED, f"nothing to count: no trial of the share that is to be {wanted}"
    found = f"{hits} of {total} ({format_share(Fraction(hits, total))})"
    settled = _settled_by_counting(hits, total, bounds)
    if settled is not None:
        return settled, f"{found}, asked for {wanted}"
    clustered = any(tally.clustered for tally in tallies)
    if clustered and sum(tally.total > 0 for tally in tallies) < 2:
        return Outcome.INCONCLUSIVE, (
            f"{found}, asked for {wanted}: the fates depend on one another, so the run is the unit "
            "and it takes several seeds (add `seeds: 20`)"
        )
    interval = share_interval(_capped(tallies), confidence, looks)
    outcome = _OUTCOMES[decide(interval, bounds)]
    span = f"{format_share(interval.low)} .. {format_share(interval.high)}"
    basis = _basis(len(tallies), looks, clustered=clustered)
    return outcome, (
        f"{found}; at {format_share(confidence)} confidence {span} ({basis}), "
        f"asked for {wanted}{_remedy(outcome)}"
    )


def _settled_by_counting(hits: int, total: int, bounds: Range) -> Outcome | None:
    if hits > total and bounds.high is not None:
        return Outcome.FAILED
    if bounds.low == bounds.high == 0:
        return Outcome.PASSED if hits == 0 else Outcome.FAILED
    if bounds.low == bounds.high == 1:
        return Outcome.PASSED if hits == total else Outcome.FAILED
    return None


def _capped(tallies: Sequence[Tally]) -> Sequence[Tally]:
    """The tallies with no more hits than trials in all: an interval is one of a share."""
    hits, total = sum(tally.hits for tally in tallies), sum(tally.total for tally in tallies)
    if hits <= total:
        return tallies
    if any(tally.clustered for tally in tallies):
        return [replace(tally, hits=min(tally.hits, tally.total)) for tally in tallies]
    return [Tally(total, total)]


def _basis(runs: int, looks: int, *, clustered: bool) -> str:
    if clustered:
        return f"Student over {runs} runs, no narrower than Clopper-Pearson"
    return "Clopper-Pearson" if looks <= 1 else f"confidence sequence after {runs} runs"


def _remedy(outcome: Outcome) -> str:
    if outcome is not Outcome.INCONCLUSIVE:
        return ""
    return ": the interval lies across a bound; take more seeds, or a bound further away"


def _verdicts_of(check: Check, runs: Iterable[RunVerdict]) -> list[list[CheckVerdict]]:
    """For each run the verdicts on a check, one or one for each member."""
    return [[verdict for verdict in run.checks if verdict.name == check.name] for run in runs]


def _claim(check: Check, outcome: Outcome, reason: str) -> CheckVerdict:
    return CheckVerdict(check.name, outcome, reason, check.place, check.text)


def _judge_holds(
    check: Check, holds: Range, runs: Sequence[RunVerdict], looks: int
) -> CheckVerdict:
    outcomes = [worst(v.outcome for v in found) for found in _verdicts_of(check, runs) if found]
    held, failed = outcomes.count(Outcome.PASSED), outcomes.count(Outcome.FAILED)
    undecided = len(runs) - held - failed
    if held + failed == 0:
        return _claim(check, worst(outcomes or [Outcome.ERROR]), _nothing_judged(check, runs))
    outcome, reason, hits = _share_of_runs(check, holds, (held, undecided, len(runs)), looks)
    share = format_share(Fraction(hits, len(runs)))
    return replace(_claim(check, outcome, reason), tally=Tally(hits, len(runs)), value=share)


def _share_of_runs(
    check: Check, holds: Range, counts: tuple[int, int, int], looks: int
) -> tuple[Outcome, str, int]:
    """The outcome that stands however the undecided runs would have come out, its reason, and how
    many runs are taken to hold; ``counts`` are the held, the undecided and all runs."""
    held, undecided, total = counts
    found = {
        hits: judge_tallies((Tally(hits, total),), holds, check.confidence, looks)
        for hits in (held, held + undecided)
    }
    (least, reason), (most, best) = found[held], found[held + undecided]
    if not undecided:
        return least, f"held in {reason}", held
    note = f"; {undecided} runs that neither passed nor failed count as"
    if least is most is Outcome.PASSED:
        return least, f"held in {reason}{note} not holding", held
    shares = (Fraction(held, total), Fraction(held + undecided, total))
    if least is most is Outcome.FAILED and _on_one_side(shares, holds):
        return least, f"held in {best}{note} holding", held + undecided
    return Outcome.INCONCLUSIVE, f"held in {reason}{_open_words(undecided)}", held


def _on_one_side(shares: tuple[Fraction, Fraction], bounds: Range) -> bool:
    """Whether a range lies wholly below or wholly above the shares from least to most."""
    least, most = shares
    below = bounds.low is not None and most < bounds.low
    return below or (bounds.high is not None and least > bounds.high)


def _open_words(undecided: int) -> str:
    return f"; it rests on {undecided} runs that neither passed nor failed, here not holding"


def _nothing_judged(check: Check, runs: Sequence[RunVerdict]) -> str:
    reasons = [v.reason for found in _verdicts_of(check, runs) for v in found]
    return f"no run passed or failed it: {reasons[0]}" if reasons else "no run judged it"


def _judge_share(check: Check, runs: Sequence[RunVerdict], looks: int) -> list[CheckVerdict]:
    """One verdict for each member that the check is about, each pooled over the runs."""
    by_member: dict[str, list[CheckVerdict]] = {}
    for found in _verdicts_of(check, runs):
        for verdict in found:
            by_member.setdefault(verdict.member, []).append(verdict)
    if not by_member:
        return [_claim(check, Outcome.ERROR, "no run judged it")]
    return [_pool_member(check, verdicts, looks) for verdicts in by_member.values()]


def _pool_member(check: Check, verdicts: Sequence[CheckVerdict], looks: int) -> CheckVerdict:
    member = verdicts[0].member
    tallies = [verdict.tally for verdict in verdicts if verdict.tally is not None]
    uncounted = [v for v in verdicts if v.tally is None or not v.tally.total]
    if uncounted:
        # A run that was skipped, that had nothing to count, or whose numbers could not be read, is
        # no evidence for a share, and what other runs counted does not make up for it.
        outcome = worst(verdict.outcome for verdict in uncounted)
        bad = next(verdict for verdict in uncounted if verdict.outcome is outcome)
        return replace(_claim(check, outcome, bad.reason), member=member)
    bounds = check.parts[0].bounds or Range(None, None)
    outcome, reason = judge_tallies(tallies, bounds, check.confidence, looks)
    tally = Tally(
        sum(tally.hits for tally in tallies),
        sum(tally.total for tally in tallies),
        any(tally.clustered for tally in tallies),
    )
    share = format_share(Fraction(tally.hits, tally.total)) if tally.total else ""
    return replace(_claim(check, outcome, reason), member=member, tally=tally, value=share)
