"""Refusals about checks: what cannot be counted, proven or bound, and words that do not combine."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from harness.errors import Place
from harness.scenario.document import Problems
from harness.scenario.model import AtPattern, Check, Either, Pattern, Plain, Scenario, Single
from harness.scenario.rules_names import bound_by, groups_in
from harness.scenario.visits import inner_patterns, last_leaves, measured
from harness.units import Range

MAX_SEEDS: Final = 100_000


def check_checks(scenario: Scenario, problems: Problems) -> None:
    """Everything that is wrong with the checks themselves."""
    if not scenario.checks:
        problems.add(scenario.place, "a scenario without checks", accepted="at least one check")
    _check_seeds(scenario, problems)
    for check in scenario.checks:
        for part in check.parts:
            _check_part(part, check, problems)
        _check_provable(check, scenario.seeds, problems)
    for step in scenario.timeline:
        if step.each is not None:
            _refuse_plus(step.each, problems)


def _check_seeds(scenario: Scenario, problems: Problems) -> None:
    low, high = scenario.seeds.low, scenario.seeds.high
    if low is None or high is None or not 1 <= low <= high <= MAX_SEEDS:
        accepted = f"such as 20 or 20 .. 200, from 1 to {MAX_SEEDS}"
        problems.add(scenario.place, "no such number of seeds", _shown(scenario.seeds), accepted)


def _check_part(part: Plain, check: Check, problems: Problems) -> None:
    _check_words(part, problems)
    _check_groups(part, check, problems)
    for pattern in (part.pattern, part.unless, _each(part), *measured(part.measure)):
        if pattern is not None:
            _refuse_plus(pattern, problems)


def _each(part: Plain) -> Pattern | None:
    if part.anchor is None or part.anchor.word == "after":
        return None
    instant = part.anchor.instant
    return instant.pattern if isinstance(instant, AtPattern) else None


def _check_words(part: Plain, problems: Problems) -> None:
    given = {
        "count": part.count is not None and part.kind != "expect",
        "within": part.within is not None and part.kind == "measure",
        "unless": part.unless is not None and part.kind == "measure",
        "after": part.anchor is not None and part.kind == "measure",
        "is": part.bounds is not None and part.kind != "measure",
    }
    accepted = {"expect": "count", "never": "within, unless, during", "measure": "is, during"}
    for key, wrong in given.items():
        if wrong:
            message = f"{key} does not go with {part.kind}"
            problems.add(part.place, message, key, accepted[part.kind])
    if part.kind == "measure" and part.bounds is None:
        problems.add(part.place, "a measure without is", part.text, "is: RANGE")


def _check_groups(part: Plain, check: Check, problems: Problems) -> None:
    if part.measure is not None and part.measure.pattern is not None:
        needed = {"value": "n", "reordering": "id"}.get(part.measure.kind)
        if needed:
            _need_group(part.measure.pattern, needed, problems)
    elif check.contract == "delivery" and part.pattern is not None:
        _need_group(part.pattern, "id", problems)
        if part.anchor is not None and isinstance(part.anchor.instant, AtPattern):
            _need_group(part.anchor.instant.pattern, "id", problems)


def _need_group(pattern: Pattern, group: str, problems: Problems) -> None:
    if group in bound_by(pattern):
        return
    for leaf in last_leaves(pattern):
        if group not in groups_in(leaf.says):
            accepted = f"says with a named group (?P<{group}>…)"
            message = f"this pattern catches no {group}"
            problems.add(leaf.place, message, leaf.says or str(leaf.kind), accepted)


def _refuse_plus(pattern: Pattern, problems: Problems) -> None:
    """``plus`` moves an instant; a pattern that is only matched has none."""
    for inner in inner_patterns(pattern):
        if isinstance(inner, Single | Either) and inner.plus_ns:
            accepted = "plus in after, at, until, starts or during"
            problems.add(inner.place, "plus where no instant is meant", "plus", accepted)


def _check_provable(check: Check, seeds: Range, problems: Problems) -> None:
    if not 0 < check.confidence < 1:
        found = f"{float(check.confidence):.6%}"
        accepted = "more than 0% and less than 100%"
        problems.add(check.place, "no such confidence", found, accepted)
    elif check.holds is not None and isinstance(seeds.high, int) and seeds.high > 0:
        _check_holds(check, check.holds, seeds.high, problems)


def _check_holds(check: Check, holds: Range, seeds: int, problems: Problems) -> None:
    low, high = holds.low, holds.high
    if low == high:
        return  # a single value is met by an interval that holds it
    place, confidence = check.place, check.confidence
    if low:
        _check_reach(place, Fraction(low), confidence, seeds, problems)
    if high is not None and high < 1:
        _check_reach(place, 1 - Fraction(high), confidence, seeds, problems)


def _check_reach(
    place: Place, share: Fraction, confidence: Fraction, seeds: int, problems: Problems
) -> None:
    """With n of n runs the lower Clopper-Pearson limit is (alpha / 2) to the power 1 / n."""
    tail = float(1 - confidence) / 2
    if tail ** (1 / seeds) >= share:
        return
    message = f"no outcome of {seeds} seeds proves this share at {float(confidence):.6g} confidence"
    needed = "no number of seeds; holds: 100% means all"
    if share < 1:
        needed = f"seeds: {math.ceil(math.log(tail) / math.log(share))} or more, or less confidence"
    problems.add(place, message, f"holds beside seeds: {seeds}", needed)


def _shown(bounds: Range) -> str:
    low = "" if bounds.low is None else f"{bounds.low} "
    high = "" if bounds.high is None else f" {bounds.high}"
    return str(bounds.low) if bounds.low == bounds.high else f"{low}..{high}"
