"""Refusals about links: rules that contradict each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from harness.scenario.document import Problems
from harness.scenario.model import LINK_FIELDS, Host, LinkChange, LinkRule, Scenario
from harness.scenario.specificity import directed, more_specific, overlaps


def check_links(scenario: Scenario, problems: Problems) -> None:
    """No two rules of one ``links`` disagree about a datagram that both concern."""
    groups = [scenario.links]
    for step in scenario.timeline:
        if isinstance(step.action, LinkChange):
            groups.append(step.action.rules)
    for rules in groups:
        _check_rules(rules, scenario.hosts, problems)


def _check_rules(
    rules: Sequence[LinkRule], hosts: Mapping[str, Host], problems: Problems
) -> None:
    for first, second in itertools.combinations(rules, 2):
        fields = _disagreement(first, second)
        if fields and _clash(first, second, hosts):
            named = ", ".join(field.removesuffix("_ns").split("_")[0] for field in fields)
            message = f"this rule and that of line {first.place.line} ({first.text}) contradict"
            accepted = f"the same {named} in both, or flows of which one is more specific"
            problems.add(second.place, message, second.text, accepted)


def _disagreement(first: LinkRule, second: LinkRule) -> tuple[str, ...]:
    pairs = ((f, getattr(first.fields, f), getattr(second.fields, f)) for f in LINK_FIELDS)
    return tuple(f for f, a, b in pairs if a is not None and b is not None and a != b)


def _clash(first: LinkRule, second: LinkRule, hosts: Mapping[str, Host]) -> bool:
    return any(
        overlaps(a, b, hosts)
        and not more_specific(a, b, hosts)
        and not more_specific(b, a, hosts)
        for a in directed(first.flow)
        for b in directed(second.flow)
    )
