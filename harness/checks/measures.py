"""The measures of a check: what is counted or timed in one run, and how it stands to ``is``.

Owns the choice of what counts (which datagrams, which matches, in which window) and the sentence
about the result. Counting is done in ``shares``, arithmetic in ``numbers``, intervals in
``claims``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from harness.checks.claims import judge_tallies
from harness.checks.clusters import is_clustered
from harness.checks.event_index import EventIndex
from harness.checks.flights import Flight, FlowFlights, flights_of
from harness.checks.matches import Finder
from harness.checks.numbers import (
    Sample,
    exact,
    goodput,
    jitter,
    latencies,
    quantile,
    span,
)
from harness.checks.shares import (
    Count,
    NoNumberError,
    Sighting,
    duplicated,
    lost,
    matched_per,
    numbers,
    reordered_datagrams,
    reordered_sightings,
)
from harness.checks.sightings import sent_on, sightings, spans
from harness.checks.verdict import CheckVerdict, Outcome, Tally
from harness.scenario.model import Kind, Measure, Pattern, Plain, Scenario
from harness.units import Range, format_duration, format_range, format_rate, format_share

Window = tuple[int, int]
"""Nanoseconds since zero, both ends inside."""

DEFAULT_CONFIDENCE: Final = Fraction(999_999, 1_000_000)
_MOST_EVIDENCE: Final = 20
_EVERYTHING: Final = Range(None, None)


class _NothingToCountError(Exception):
    """A measure found nothing; the message says what it looked for."""


def judge_measure(
    plain: Plain,
    scenario: Scenario,
    index: EventIndex,
    binding: Mapping[str, str],
    window: Window | None = None,
    *,
    confidence: Fraction = DEFAULT_CONFIDENCE,
    finder: Finder | None = None,
) -> CheckVerdict:
    """Judge one measure in one run, for the members that ``binding`` holds.

    ``window`` selects datagrams by the time of their sending and matches by their own time; None
    is the whole run. A share carries its tally, so that seeds can be pooled. ``finder`` remembers
    matches from one call to the next. Name and member are left for the caller to fill in.
    """
    measure = plain.measure
    if measure is None:
        raise ValueError("a plain check without a measure")
    run = _Run(scenario, finder or Finder(index), binding, window)
    blank = CheckVerdict("", Outcome.FAILED, "", plain.place, plain.text, window_ns=window)
    try:
        if measure.is_share:
            return _judge_share(measure, plain.bounds or _EVERYTHING, run, blank, confidence)
        return _judge_number(measure, plain.bounds or _EVERYTHING, run, blank)
    except _NothingToCountError as nothing:
        empty = Tally(0, 0) if measure.is_share else None
        return replace(blank, reason=f"nothing to count: {nothing}", tally=empty)
    except NoNumberError as problem:
        return replace(blank, reason=f"nothing to measure: {problem}")


def needed_kinds(measure: Measure) -> frozenset[Kind]:
    """The kinds of event that a measure of flows rests on, beside its own patterns."""
    return frozenset({Kind.SENT, Kind.DELIVERED}) if measure.flows else frozenset()


class _Run:
    """What one measure may look at: one run, one binding, one window."""

    __slots__ = ("binding", "finder", "scenario", "window")

    def __init__(
        self,
        scenario: Scenario,
        finder: Finder,
        binding: Mapping[str, str],
        window: Window | None,
    ) -> None:
        self.scenario, self.finder = scenario, finder
        self.binding, self.window = binding, window

    def holds(self, at_ns: int) -> bool:
        return self.window is None or self.window[0] <= at_ns <= self.window[1]

    def flows(self, measure: Measure) -> tuple[FlowFlights, ...]:
        index = self.finder.index
        return flights_of(sent_on(measure.flows, index, self.binding), index.fates)

    def chosen(self, flow: FlowFlights) -> list[Flight]:
        """The datagrams of a flow that count and were sent in the window."""
        return [flight for flight in flow.counted if self.holds(flight.sent.t)]

    def flights(self, measure: Measure) -> list[Flight]:
        every = [flight for flow in self.flows(measure) for flight in self.chosen(flow)]
        if not every:
            raise _NothingToCountError(f"no datagram on {_flow_words(measure)} {self._where()}")
        return every

    def sightings(self, pattern: Pattern | None) -> list[Sighting]:
        if pattern is None:
            return []
        found = sightings(pattern, self.finder, self.binding)
        return [sighting for sighting in found if self.holds(sighting.t)]

    def trials(self, pattern: Pattern | None) -> list[Sighting]:
        found = self.sightings(pattern)
        if not found:
            raise _NothingToCountError(f"no match of the pattern {self._where()}")
        return found

    def _where(self) -> str:
        if self.window is None:
            return "in the run"
        return f"in {format_duration(self.window[0])} .. {format_duration(self.window[1])}"


def _flow_words(measure: Measure) -> str:
    return ", ".join(str(flow) for flow in measure.flows)


# -- shares ----------------------------------------------------------------------------------


def _judge_share(
    measure: Measure, bounds: Range, run: _Run, blank: CheckVerdict, confidence: Fraction
) -> CheckVerdict:
    count = _SHARES[measure.kind](measure, run)
    tally = Tally(count.hits, count.total, is_clustered(measure, run.scenario))
    outcome, reason = judge_tallies((tally,), bounds, confidence)
    evidence = count.evidence[:_MOST_EVIDENCE]
    return replace(
        blank,
        outcome=outcome,
        reason=f"{measure.kind} {reason}",
        evidence=evidence,
        deciding=evidence[0] if evidence and outcome is not Outcome.PASSED else 0,
        value=format_share(Fraction(count.hits, count.total)) if count.total else "",
        tally=tally,
    )


def _loss(measure: Measure, run: _Run) -> Count:
    return lost(run.flights(measure))


def _duplicates(measure: Measure, run: _Run) -> Count:
    return duplicated(run.flights(measure))


def _reordering(measure: Measure, run: _Run) -> Count:
    if measure.pattern is not None:
        return reordered_sightings(run.trials(measure.pattern))
    run.flights(measure)
    counts = [reordered_datagrams(flow, run.chosen(flow)) for flow in run.flows(measure)]
    evidence = sorted(n for count in counts for n in count.evidence)
    hits, total = sum(count.hits for count in counts), sum(count.total for count in counts)
    return Count(hits, total, tuple(evidence))


def _share(measure: Measure, run: _Run) -> Count:
    return matched_per(run.sightings(measure.pattern), run.trials(measure.per))


_SHARES: Final[Mapping[str, Callable[[Measure, _Run], Count]]] = {
    "loss": _loss,
    "duplicates": _duplicates,
    "reordering": _reordering,
    "share": _share,
}


# -- numbers ---------------------------------------------------------------------------------


def _judge_number(measure: Measure, bounds: Range, run: _Run, blank: CheckVerdict) -> CheckVerdict:
    sample = _NUMBERS[measure.kind](measure, bounds, run)
    outcome = _standing(sample, bounds)
    shown = _show(measure, sample.value)
    wanted = format_range(bounds, lambda value: _show(measure, value))
    lag = _resolution(sample)
    reason = f"{_title(measure)} is {shown}, asked for {wanted}"
    if outcome is Outcome.INCONCLUSIVE:
        spread = f"{_show(measure, sample.least)} .. {_show(measure, sample.most)}"
        reason += f"; with the lag of its events it may be {spread}"
    return replace(
        blank,
        outcome=outcome,
        reason=reason,
        evidence=sample.evidence[:_MOST_EVIDENCE],
        deciding=sample.evidence[-1] if sample.evidence else 0,
        at_ns=sample.at_ns if outcome is not Outcome.PASSED else None,
        value=shown,
        resolution_ns=lag if measure.kind in ("latency", "time", "jitter") else 0,
    )


def _standing(sample: Sample, bounds: Range) -> Outcome:
    """A bound that is met is met; one that is missed by no more than the lag is open."""
    if sample.value in bounds:
        return Outcome.PASSED
    too_high = bounds.high is not None and sample.value > bounds.high
    reached = sample.least <= bounds.high if too_high else sample.most >= bounds.low  # type: ignore[operator]
    return Outcome.INCONCLUSIVE if reached else Outcome.FAILED


def _resolution(sample: Sample) -> int:
    width = sample.most - sample.least
    return round(width) if math.isfinite(width) else 0


def _latency(measure: Measure, _: Range, run: _Run) -> Sample:
    samples = latencies(run.flights(measure))
    if not samples:
        raise _NothingToCountError(f"no datagram on {_flow_words(measure)} was delivered")
    return quantile(samples, measure.quantile)


def _time(measure: Measure, _: Range, run: _Run) -> Sample:
    if measure.pattern is None or measure.to is None:
        raise ValueError("a measure of time needs both its patterns")
    run.trials(measure.pattern)
    pairs = spans(measure.pattern, measure.to, run.finder, run.binding)
    return quantile(
        [span(first, then) for first, then in pairs if run.holds(first.t)], measure.quantile
    )


def _value(measure: Measure, _: Range, run: _Run) -> Sample:
    found = numbers(run.trials(measure.pattern))
    return quantile([exact(number, event) for number, event in found], measure.quantile)


def _jitter(measure: Measure, bounds: Range, run: _Run) -> Sample:
    found = (jitter(run.chosen(flow)) for flow in run.flows(measure))
    samples = [sample for sample in found if sample is not None]
    if not samples:
        raise _NothingToCountError(f"fewer than two arrivals on {_flow_words(measure)}")
    return _worst_flow(samples, bounds)


def _worst_flow(samples: Sequence[Sample], bounds: Range) -> Sample:
    """Each flow has an estimator of its own: the one that misses the bounds, else the largest."""
    missed = [sample for sample in samples if sample.value not in bounds]
    return max(missed or samples, key=lambda sample: sample.value)


def _goodput(measure: Measure, _: Range, run: _Run) -> Sample:
    sample = goodput(run.flights(measure))
    if sample is None:
        raise _NothingToCountError(
            f"no two deliveries at different times on {_flow_words(measure)}"
        )
    return sample


_NUMBERS: Final[Mapping[str, Callable[[Measure, Range, _Run], Sample]]] = {
    "latency": _latency,
    "time": _time,
    "value": _value,
    "jitter": _jitter,
    "goodput": _goodput,
}


def _title(measure: Measure) -> str:
    if measure.kind in ("latency", "time", "value"):
        return f"{measure.kind} at quantile {format_share(measure.quantile)}"
    return measure.kind


def _show(measure: Measure, value: float | Fraction) -> str:
    if not math.isfinite(value):
        return "longer than any" if measure.kind in ("latency", "time") else "infinite"
    if measure.kind == "goodput":
        return format_rate(round(value))
    if measure.kind == "value":
        return f"{float(value):.10g}"
    return format_duration(round(value))
