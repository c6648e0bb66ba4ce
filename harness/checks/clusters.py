"""Whether the fates that a share counts depend on one another.

Owns that one judgement, made from the scenario alone: a flow whose loss comes in bursts, or whose
queue fills, has fates in clusters. Their trials prove less than as many independent ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.scenario.membership import members
from harness.scenario.model import (
    Either,
    End,
    Flow,
    GilbertElliott,
    LinkChange,
    LinkRule,
    Measure,
    Pattern,
    Scenario,
    Sequence,
    Single,
)


def is_clustered(measure: Measure, scenario: Scenario) -> bool:
    """Whether some link rule that makes clusters can concern what is counted.

    Output lines and exits may follow from any datagram, so for them every such rule counts.
    """
    flows = tuple(_flows(measure))
    return any(
        not flows or any(_may_meet(rule.flow, flow, scenario) for flow in flows)
        for rule in _rules(scenario)
        if _makes_clusters(rule)
    )


def _flows(measure: Measure) -> Iterator[Flow]:
    """The flows counted; none where anything but datagrams is counted."""
    singles = [*_singles(measure.pattern), *_singles(measure.per)]
    if all(single.flows for single in singles):
        yield from measure.flows
        for single in singles:
            yield from single.flows


def _singles(pattern: Pattern | None) -> Iterator[Single]:
    if isinstance(pattern, Either | Sequence):
        for part in pattern.patterns:
            yield from _singles(part)
    elif pattern is not None:
        yield pattern


def _rules(scenario: Scenario) -> Iterator[LinkRule]:
    yield from scenario.links
    for step in scenario.timeline:
        if isinstance(step.action, LinkChange):
            yield from step.action.rules


def _makes_clusters(rule: LinkRule) -> bool:
    fields = rule.fields
    bursts = isinstance(fields.loss, GilbertElliott)
    return bursts or bool(fields.rate_bps) or fields.limit is not None


def _may_meet(rule: Flow, flow: Flow, scenario: Scenario) -> bool:
    forward = _may_be(rule.source, flow.source, scenario) and _may_be(
        rule.target, flow.target, scenario
    )
    if forward or not (rule.both or flow.both):
        return forward
    return _may_be(rule.source, flow.target, scenario) and _may_be(
        rule.target, flow.source, scenario
    )


def _may_be(one: End, other: End, scenario: Scenario) -> bool:
    if None not in (one.port, other.port) and one.port != other.port:
        return False
    if one.address or other.address:
        return one.address == other.address
    ours, theirs = members(one.host, scenario.hosts), members(other.host, scenario.hosts)
    return not set(ours).isdisjoint(theirs)
