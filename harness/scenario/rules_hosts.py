"""Refusals about ``hosts`` and about HOST words: names, groups, members, silent hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from harness.errors import Place
from harness.scenario.document import Problems
from harness.scenario.membership import group_of, is_group, members, programs, word
from harness.scenario.model import (
    FLOW_KINDS,
    Host,
    HostAction,
    HostRef,
    Kind,
    Plain,
    Ready,
    Scenario,
    Stop,
    Whose,
)
from harness.scenario.names import OTHER, SELF, MalformedNameError, Name, names_of
from harness.scenario.visits import (
    check_refs,
    flow_refs,
    leaves,
    link_rules,
    part_patterns,
    patterns,
    placed_refs,
    step_refs,
)

MAX_COUNT: Final = 1000
RESERVED: Final = ("any", OTHER, SELF)
_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_-]*", re.ASCII)


def check_hosts(scenario: Scenario, problems: Problems) -> None:
    """Everything that is wrong with the entries of ``hosts`` and the words that name them."""
    if not scenario.hosts:
        problems.add(scenario.place, "a scenario without hosts", accepted="at least one host")
    for host in scenario.hosts.values():
        _check_name(host, scenario, problems)
        _check_count(host, problems)
        _check_silent(host, problems)
    for ref, place in placed_refs(scenario):
        _check_ref(ref, place, scenario, problems)
    _check_others(scenario, problems)
    _check_programs(scenario, problems)


def host_words(scenario: Scenario) -> tuple[str, ...]:
    """Every valid host, group and member name."""
    groups = (name for name, host in scenario.hosts.items() if host.count is not None)
    return (*scenario.single_hosts, *groups)


def _check_name(host: Host, scenario: Scenario, problems: Problems) -> None:
    if not _NAME.fullmatch(host.name):
        accepted = "lower case letters, digits, - and _, no - first"
        problems.add(host.place, "this is no name for a host", host.name, accepted)
    elif host.name in RESERVED:
        message = f"{host.name!r} has a meaning of its own"
        problems.add(host.place, message, host.name, "another name")
    group = _namesake(host, scenario)
    if group is not None:
        message = f"the group {group.name} has a member of this name"
        problems.add(host.place, message, host.name, "another name")


def _namesake(host: Host, scenario: Scenario) -> Host | None:
    others = {name: entry for name, entry in scenario.hosts.items() if name != host.name}
    found = group_of(host.name, others)
    return None if found is None else found[0]


def _check_count(host: Host, problems: Problems) -> None:
    if host.count is not None and not 1 <= host.count <= MAX_COUNT:
        accepted = f"count from 1 to {MAX_COUNT}"
        problems.add(host.place, f"{host.name} has no such count", str(host.count), accepted)


def _check_silent(host: Host, problems: Problems) -> None:
    if not host.silent:
        return
    meant = {
        "ready": host.ready != Ready(),
        "stop": host.stop != Stop(),
        "env": bool(host.env),
        "stdio": host.stdio != "pipe",
        "starts": host.starts is not None,
    }
    for key, given in meant.items():
        if given:
            message = f"{host.name} runs no program, so {key} means nothing"
            problems.add(host.place, message, key, f"run, or no {key}")


def _check_ref(ref: HostRef, place: Place, scenario: Scenario, problems: Problems) -> None:
    if ref.whose is Whose.ALL:
        return
    name = word(ref)
    if not _defined(ref, scenario):
        _refuse_undefined(ref, place, scenario, problems)
    elif ref.whose is Whose.ANY and not is_group(name, scenario.hosts):
        problems.add(place, f"{name} is no group", str(ref), name)
    elif ref.whose is Whose.OTHER and _lonely(name, scenario):
        problems.add(place, f"there is no other {name}", str(ref), "a group of two or more")


def _defined(ref: HostRef, scenario: Scenario) -> bool:
    return word(ref) in scenario.hosts or group_of(word(ref), scenario.hosts) is not None


def _lonely(name: str, scenario: Scenario) -> bool:
    found = group_of(name, scenario.hosts)
    host = scenario.hosts[name] if found is None else found[0]
    return host.count is None or host.count < 2


def _refuse_undefined(
    ref: HostRef, place: Place, scenario: Scenario, problems: Problems
) -> None:
    group = scenario.hosts.get(ref.name)
    if ref.member is not None and group is not None:
        last = f"{group.name}-1 … {group.name}-{group.count}"
        accepted = last if group.count else f"{group.name}, which is no group"
        problems.add(place, f"{group.name} has no such member", word(ref), accepted)
        return
    words = host_words(scenario)
    problems.add(place, "no host is called so", word(ref), _listed(scenario.hosts), words)


def _listed(words: Iterable[str]) -> str:
    found = [*words]
    more = f" … ({len(found)} in all)" if len(found) > 12 else ""
    return f"one of {', '.join(found[:12])}{more}"


def _check_others(scenario: Scenario, problems: Problems) -> None:
    """``other client`` is further than some client, who must stand in the same place."""
    for check in scenario.checks:
        said = (ref for part in check.parts for ref in _said(part, scenario))
        _check_bound((*check_refs(check), *said), check.place, scenario, problems)
    for rule in link_rules(scenario):
        _check_bound(flow_refs(rule.flow), rule.place, scenario, problems)
    for step in scenario.timeline:
        _check_bound(step_refs(step), step.place, scenario, problems)


def _said(part: Plain, scenario: Scenario) -> Iterator[HostRef]:
    """The HOST words in the regular expressions of a check: ``says: joined $(client)``."""
    for pattern in part_patterns(part):
        for leaf in leaves(pattern):
            for name in _well_formed(leaf.says or ""):
                if is_group(name.base, scenario.hosts):
                    yield HostRef(name.base, None, Whose.OTHER if name.other else Whose.EACH)


def _well_formed(text: str) -> tuple[Name, ...]:
    try:
        return names_of((text,))
    except MalformedNameError:
        return ()  # noted where names are checked


def _check_bound(
    refs: Iterable[HostRef], place: Place, scenario: Scenario, problems: Problems
) -> None:
    found = tuple(refs)
    bound = {ref.name for ref in found if ref.whose is Whose.EACH and ref.member is None}
    for ref in found:
        if ref.whose is not Whose.OTHER or not is_group(word(ref), scenario.hosts):
            continue
        if ref.name not in bound and not _lonely(ref.name, scenario):
            message = f"nothing here says which {ref.name} the others differ from"
            problems.add(place, message, str(ref), f"{ref.name} beside it, or any {ref.name}")


def _check_programs(scenario: Scenario, problems: Problems) -> None:
    """Output, starts and ends belong to programs."""
    own = {part.place for check in scenario.checks if check.contract for part in check.parts}
    for pattern in patterns(scenario):
        for leaf in leaves(pattern):
            # A heartbeat asks by itself, at its own place, whether an end of its flow has ended.
            implied = leaf.kind is Kind.ENDED and leaf.place in own
            if leaf.host is not None and leaf.kind not in FLOW_KINDS and not implied:
                what = f"{leaf.kind}: {leaf.host}"
                _check_runs(leaf.host, leaf.place, what, scenario, problems)
    for step in scenario.timeline:
        if isinstance(step.action, HostAction):
            what = f"{step.action.verb}: {step.action.host}"
            _check_runs(step.action.host, step.place, what, scenario, problems)


def _check_runs(
    ref: HostRef, place: Place, what: str, scenario: Scenario, problems: Problems
) -> None:
    meant = members(ref, scenario.hosts)
    if meant and not programs(meant, scenario.hosts):
        runners = tuple(_runners(scenario))
        accepted = _listed(runners) if runners else "a host with run"
        problems.add(place, f"{ref} runs no program", what, accepted)


def _runners(scenario: Scenario) -> Iterator[str]:
    return (name for name, host in scenario.hosts.items() if not host.silent)
