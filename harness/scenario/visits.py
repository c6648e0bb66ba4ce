"""Walks over a scenario: every pattern, flow, HOST word and instant, each with its place.

For rules and reports that ask something of all of them. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import Place
from harness.scenario.model import (
    AtMark,
    AtPattern,
    Check,
    Cut,
    Either,
    Flow,
    Flows,
    HostAction,
    HostRef,
    Instant,
    LinkChange,
    LinkRule,
    Measure,
    Pattern,
    Plain,
    Rebind,
    Scenario,
    Send,
    Sequence,
    Single,
    Step,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that something waits for. ``what`` is the key that holds it."""

    instant: Instant
    place: Place
    what: str


def leaves(pattern: Pattern) -> Iterator[Single]:
    """The single patterns of which a pattern is made, in order."""
    if isinstance(pattern, Single):
        yield pattern
    else:
        for inner in pattern.patterns:
            yield from leaves(inner)


def last_leaves(pattern: Pattern) -> Iterator[Single]:
    """The single patterns whose match is the event of the whole."""
    if isinstance(pattern, Single):
        yield pattern
    elif isinstance(pattern, Sequence):
        yield from last_leaves(pattern.patterns[-1])
    else:
        for inner in pattern.patterns:
            yield from last_leaves(inner)


def inner_patterns(pattern: Pattern) -> Iterator[Pattern]:
    """A pattern and everything inside it."""
    yield pattern
    if isinstance(pattern, Either | Sequence):
        for inner in pattern.patterns:
            yield from inner_patterns(inner)


def measured(measure: Measure | None) -> tuple[Pattern, ...]:
    """The patterns of a measure."""
    if measure is None:
        return ()
    return _present(measure.pattern, measure.per, measure.to)


def part_moments(part: Plain) -> Iterator[Moment]:
    """The instants of a plain check: its anchor's and those of ``during``."""
    if part.anchor is not None:
        yield Moment(part.anchor.instant, part.place, part.anchor.word)
    if part.during is not None:
        for instant in (part.during.start, part.during.end):
            if instant is not None:
                yield Moment(instant, part.place, "during")


def step_moments(step: Step) -> Iterator[Moment]:
    """The instants of a step: ``at`` and ``until``."""
    for what, instant in (("at", step.at), ("until", step.until)):
        if instant is not None:
            yield Moment(instant, step.place, what)


def moments(scenario: Scenario) -> Iterator[Moment]:
    """Every instant of a scenario."""
    yield Moment(scenario.until, scenario.place, "until")
    for host in scenario.hosts.values():
        if host.starts is not None:
            yield Moment(host.starts, host.place, "starts")
    for step in scenario.timeline:
        yield from step_moments(step)
    for part in parts(scenario):
        yield from part_moments(part)


def parts(scenario: Scenario) -> Iterator[Plain]:
    """Every plain check, those of contracts included."""
    for check in scenario.checks:
        yield from check.parts


def part_patterns(part: Plain) -> Iterator[Pattern]:
    """Every pattern of a plain check, the anchor's first."""
    for moment in part_moments(part):
        if isinstance(moment.instant, AtPattern):
            yield moment.instant.pattern
    yield from _present(part.pattern, part.unless)
    yield from measured(part.measure)


def step_patterns(step: Step) -> Iterator[Pattern]:
    """Every pattern of a step."""
    for moment in step_moments(step):
        if isinstance(moment.instant, AtPattern):
            yield moment.instant.pattern
    yield from _present(step.each)
    if isinstance(step.action, Send):
        yield from _present(step.action.of)


def patterns(scenario: Scenario) -> Iterator[Pattern]:
    """Every pattern of a scenario."""
    starts = [host.starts for host in scenario.hosts.values()]
    for instant in (scenario.until, *starts):
        if isinstance(instant, AtPattern):
            yield instant.pattern
    for step in scenario.timeline:
        yield from step_patterns(step)
    for part in parts(scenario):
        yield from part_patterns(part)


def link_rules(scenario: Scenario) -> Iterator[LinkRule]:
    """Every link rule, those of ``links`` steps included."""
    yield from scenario.links
    for step in scenario.timeline:
        if isinstance(step.action, LinkChange):
            yield from step.action.rules


def action_flows(step: Step) -> Flows:
    """The flows of a step's action, those of link rules left out."""
    if isinstance(step.action, Cut):
        return step.action.flows
    return (step.action.flow,) if isinstance(step.action, Send) else ()


def flow_refs(flow: Flow) -> Iterator[HostRef]:
    """The HOST words of a flow; a literal address is none."""
    for end in (flow.source, flow.target):
        if not end.address:
            yield end.host


def pattern_refs(pattern: Pattern) -> Iterator[HostRef]:
    """The HOST words of a pattern."""
    for leaf in leaves(pattern):
        if leaf.host is not None:
            yield leaf.host
        for flow in leaf.flows:
            yield from flow_refs(flow)


def part_refs(part: Plain) -> Iterator[HostRef]:
    """The HOST words of a plain check."""
    for pattern in part_patterns(part):
        yield from pattern_refs(pattern)
    for flow in part.measure.flows if part.measure else ():
        yield from flow_refs(flow)


def check_refs(check: Check) -> Iterator[HostRef]:
    """The HOST words of a whole check."""
    for part in check.parts:
        yield from part_refs(part)


def step_refs(step: Step) -> Iterator[HostRef]:
    """The HOST words of a step, those of its link rules left out."""
    for pattern in step_patterns(step):
        yield from pattern_refs(pattern)
    yield from action_refs(step)


def action_refs(step: Step) -> Iterator[HostRef]:
    """The HOST words of a step's action, those of link rules left out."""
    for flow in action_flows(step):
        yield from flow_refs(flow)
    if isinstance(step.action, HostAction | Rebind):
        yield step.action.host


def placed_refs(scenario: Scenario) -> Iterator[tuple[HostRef, Place]]:
    """Every HOST word of a scenario with the place of what holds it."""
    for pattern in patterns(scenario):
        for leaf in leaves(pattern):
            for ref in pattern_refs(leaf):
                yield ref, leaf.place
    for rule in link_rules(scenario):
        for ref in flow_refs(rule.flow):
            yield ref, rule.place
    for step in scenario.timeline:
        for ref in action_refs(step):
            yield ref, step.place
    for part in parts(scenario):
        for flow in part.measure.flows if part.measure else ():
            for ref in flow_refs(flow):
                yield ref, part.place


def mark_moments(scenario: Scenario) -> Iterator[tuple[Moment, AtMark]]:
    """Every instant that is a mark."""
    for moment in moments(scenario):
        if isinstance(moment.instant, AtMark):
            yield moment, moment.instant


def _present(*patterns: Pattern | None) -> tuple[Pattern, ...]:
    return tuple(pattern for pattern in patterns if pattern is not None)
