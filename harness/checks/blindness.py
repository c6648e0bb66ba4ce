"""What a check needs to see that the lab could not: then it is skipped, never passed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from harness.checks.bindings import singles_of
from harness.checks.measures import needed_kinds
from harness.scenario.membership import members
from harness.scenario.model import End, Flow, Kind, Plain, Scenario, Single
from harness.trace.events import Ended, Trace, Unseen


def blind_spot(
    plain: Plain, blind: Mapping[str, str], unseen: Collection[str], scenario: Scenario
) -> str:
    """Why the lab cannot see what a check rests on; empty where it can.

    ``unseen`` are the hosts to which datagrams may have been sent without the lab's knowledge.
    """
    needs = set(_needs(plain, blind)) if blind else set()
    why = next((why for key, why in blind.items() if key in needs), "")
    hidden = sorted(_unseen_targets(plain, scenario) & set(unseen)) if unseen else []
    if hidden and not why:
        why = f"what was sent to {hidden[0]} while nothing listened there was refused unseen"
    return why


def unseen_hosts(trace: Trace) -> frozenset[str]:
    """The hosts that the lab could not watch at some moment between zero and E."""
    began: set[tuple[str, int]] = set()
    hosts: set[str] = set()
    for event in trace.events:
        if isinstance(event, Ended):
            break
        if isinstance(event, Unseen):
            end = (event.host, event.port)
            if event.on:
                began.add(end)
                continue
            began.discard(end)
            if event.t > 0:
                hosts.add(event.host)
    return frozenset(hosts | {host for host, _ in began})


def _unseen_targets(plain: Plain, scenario: Scenario) -> set[str]:
    """The hosts toward which a check asks what was sent, or what became of it."""
    kinds = (Kind.SENT, Kind.DROPPED)
    flows = [flow for single in singles_of(plain) if single.kind in kinds for flow in single.flows]
    if plain.measure is not None:
        flows += plain.measure.flows
    ends = [end for flow in flows for end in _targets(flow) if not end.address]
    return {name for end in ends for name in members(end.host, scenario.hosts)}


def _targets(flow: Flow) -> tuple[End, ...]:
    return (flow.target, flow.source) if flow.both else (flow.target,)


def _needs(plain: Plain, blind: Mapping[str, str]) -> Iterator[str]:
    """The keys of ``blind`` that would concern a check: kinds, and kinds with a reason or code."""
    if plain.measure is not None:
        yield from (kind.value for kind in needed_kinds(plain.measure))
    for single in singles_of(plain):
        yield single.kind.value
        yield from _narrower(single, blind)


def _narrower(single: Single, blind: Mapping[str, str]) -> Iterator[str]:
    """A pattern that names no reason rests on every one of them."""
    narrow = single.reason if single.kind is Kind.DROPPED else single.code
    if isinstance(narrow, str):
        yield f"{single.kind.value}:{narrow}"
        return
    yield from (key for key in blind if key.startswith(f"{single.kind.value}:"))
