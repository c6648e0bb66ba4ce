"""INSTANT in a finished run: when it came, and by which event.

A mark is known from the ``fault`` events of its step. What lies after E has not come; leaving that
out is for whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.checks.host_words import Binding
from harness.checks.matches import Finder, Match
from harness.scenario.membership import group_of
from harness.scenario.model import AtMark, AtPattern, AtTime, Instant, Scenario
from harness.trace.events import AnyEvent, Fault


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant that came.

    ``event`` is what it hangs on, None for a plain time. ``n`` is that event's number where the
    instant is the event itself, None where it was moved: then order goes by time alone.
    """

    t: int
    n: int | None = None
    lag: int = 0
    event: AnyEvent | None = None
    binding: Binding = field(default_factory=dict)


ZERO = Moment(0)


def moments(instant: Instant, finder: Finder, binding: Binding) -> list[Moment]:
    """Every time that an instant came, in order. A time comes once, a mark as often as its step."""
    if isinstance(instant, AtTime):
        return [Moment(instant.at_ns)]
    if isinstance(instant, AtPattern):
        return [moment_of(match) for match in finder.find(instant.pattern, binding)]
    return [
        _of_fault(fault, instant.plus_ns)
        for fault in _faults(instant, finder.index.faults)
        if _concerns(fault, binding, finder.index.scenario)
    ]


def moment_of(match: Match) -> Moment:
    """A match as an instant."""
    moved = match.t != match.event.t
    n = None if moved else match.n
    return Moment(match.t, n, match.lag, match.event, match.binding)


def _of_fault(fault: Fault, plus_ns: int) -> Moment:
    return Moment(fault.t + plus_ns, None if plus_ns else fault.n, fault.lag, fault)


def _faults(instant: AtMark, faults: Iterable[Fault]) -> Iterable[Fault]:
    for fault in faults:
        named = fault.mark == instant.mark and fault.on is not instant.end
        if named and instant.index in (None, fault.index):
            yield fault


def _concerns(fault: Fault, binding: Binding, scenario: Scenario) -> bool:
    """A step that bound one member of a group concerns a check on that group for it alone."""
    found = group_of(fault.host, scenario.hosts)
    return found is None or binding.get(found[0].name, fault.host) == fault.host


def runs_to_the_end(mark: AtMark, scenario: Scenario) -> bool:
    """Whether the step of a mark is never undone, so that the mark lasts until E."""
    steps = [step for step in scenario.timeline if step.mark == mark.mark]
    return bool(steps) and all(step.lasts_ns is None and step.until is None for step in steps)
