"""Which ports the hosts of a scenario serve, and which of them are the machine's own numbers.

A program that is told its port by ``$(self:9999)`` can be given any free number. Any other port
that the scenario names is one that the program binds of its own accord: a literal number, of
which the machine has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import Place
from harness.scenario.membership import members
from harness.scenario.model import End, Flow, Host, PayloadPart, Scenario, Send, Whose
from harness.scenario.names import Name, names_of
from harness.scenario.startup import names_in
from harness.scenario.visits import (
    action_flows,
    leaves,
    link_rules,
    parts,
    patterns,
)


@dataclass(frozen=True, slots=True)
class PortNeed:
    """A port that a single host serves. ``literal``: under this very number. ``place`` is where
    the scenario first names it."""

    host: str
    port: int
    literal: bool
    place: Place


def port_needs(scenario: Scenario) -> tuple[PortNeed, ...]:
    """Every port of every single host that the scenario names, once, in file order."""
    own = {
        (member, name.port)
        for host in scenario.hosts.values()
        for member in host.members
        for name in names_in(host)
        if name.base in ("self", member)
    }
    found: dict[tuple[str, int], PortNeed] = {}
    for member, port, place in _named(scenario):
        host = _entry(scenario, member)
        if host is not None and (member, port) not in found:
            literal = not host.silent and (member, port) not in own
            found[member, port] = PortNeed(member, port, literal, place)
    return tuple(found.values())


def spoken_from(scenario: Scenario, member: str, port: int) -> bool:
    """Whether a ``send`` step speaks from this port of a silent host."""
    sources = (
        end
        for step in scenario.timeline
        if isinstance(step.action, Send)
        for end in (step.action.flow.source,)
        if end.port == port
    )
    return any(member in members(end.host, scenario.hosts) for end in sources)


def conflicts(needs: tuple[PortNeed, ...]) -> tuple[tuple[PortNeed, PortNeed], ...]:
    """Literal ports that two hosts need, each with its first claimant."""
    first: dict[int, PortNeed] = {}
    clashes = []
    for need in needs:
        if need.literal:
            holder = first.setdefault(need.port, need)
            if holder is not need:
                clashes.append((holder, need))
    return tuple(clashes)


def _named(scenario: Scenario) -> Iterator[tuple[str, int, Place]]:
    for host in scenario.hosts.values():
        for member in host.members:
            yield from _by_names(scenario, names_in(host), member, host.place)
            if host.ready.port is not None:
                yield member, host.ready.port, host.place
    for step in scenario.timeline:
        if isinstance(step.action, Send):
            names = names_of(part.text for part in _texts(step.action))
            yield from _by_names(scenario, names, "", step.place)
    for flow, place in flows(scenario):
        for end in (flow.source, flow.target):
            yield from _by_end(scenario, end, place)


def _texts(send: Send) -> Iterator[PayloadPart]:
    return (part for part in send.payload if part.how == "text")


def _by_names(
    scenario: Scenario, names: tuple[Name, ...], reader: str, place: Place
) -> Iterator[tuple[str, int, Place]]:
    singles = scenario.single_hosts
    for name in names:
        host = reader if name.base == "self" else name.base
        if name.port is not None and host in singles:
            yield host, name.port, place


def _by_end(scenario: Scenario, end: End, place: Place) -> Iterator[tuple[str, int, Place]]:
    if end.port is None or end.address or end.host.whose is Whose.ALL:
        return
    for member in members(end.host, scenario.hosts):
        yield member, end.port, place


def flows(scenario: Scenario) -> Iterator[tuple[Flow, Place]]:
    """Every flow of a scenario: of links, steps, patterns and measures."""
    for rule in link_rules(scenario):
        yield rule.flow, rule.place
    for step in scenario.timeline:
        for flow in action_flows(step):
            yield flow, step.place
    for pattern in patterns(scenario):
        for leaf in leaves(pattern):
            for flow in leaf.flows:
                yield flow, leaf.place
    for part in parts(scenario):
        for flow in part.measure.flows if part.measure else ():
            yield flow, part.place


def _entry(scenario: Scenario, member: str) -> Host | None:
    return next((host for host in scenario.hosts.values() if member in host.members), None)
