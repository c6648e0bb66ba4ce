"""Whether the faults asked for were in force: each step on time, undone on time, and effective.

Owns the comparison of the timeline with the trace's fault events. A step that its lab reports as
missed is no matter for this file: that is the scenario's failure, here it is about the rig's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from harness.checks.conservation import name_of
from harness.scenario.membership import members
from harness.scenario.model import (
    AtTime,
    Cut,
    End,
    Flow,
    HostAction,
    Rebind,
    Scenario,
    Send,
    Step,
    Whose,
)
from harness.trace.events import Closed, Delivered, Ended, Fault, Sent, Trace
from harness.units import format_duration

_NEAR_THE_END_NS: Final = 100_000_000
"""What is due this shortly before E may fall on either side of it: the lab notices both late."""


def force_faults(scenario: Scenario, trace: Trace) -> Iterator[tuple[int, str]]:
    """Every breach, as the number of the event concerned (0: none) and a sentence."""
    end = next((e for e in reversed(trace.events) if isinstance(e, Ended)), None)
    closed = next((e for e in reversed(trace.events) if isinstance(e, Closed)), None)
    if end is None or closed is None:
        return
    faults = [e for e in trace.events if isinstance(e, Fault) and e.n <= end.n]
    for step in scenario.timeline:
        ons = [fault for fault in faults if fault.step == step.index and fault.on]
        offs = [fault for fault in faults if fault.step == step.index and not fault.on]
        if step.index not in closed.steps_missed:
            by = end.t - end.lag - _NEAR_THE_END_NS
            yield from _not_on(step, len(ons), by)
            yield from _not_off(step, ons, offs, by)
        if isinstance(step.action, Cut):
            yield from _leaks(step.action, ons, offs, scenario, trace)


def _not_on(step: Step, ons: int, by_ns: int) -> Iterator[tuple[int, str]]:
    due = _times_due(step, by_ns)
    if ons < due:
        what = f"{step.place}: the step `{step.text}` was due {due} times by the end"
        yield 0, f"{what} and took effect {ons} times"


def _times_due(step: Step, by_ns: int) -> int:
    """How often a step was due before an instant; 1 where only the lab can know when."""
    if not isinstance(step.at, AtTime):
        return 1
    if step.at.at_ns >= by_ns:
        return 0
    if step.every_ns is None:
        return 1
    passed = -(-(by_ns - step.at.at_ns) // step.every_ns)
    return passed if step.times is None else min(step.times, passed)


def _not_off(
    step: Step, ons: list[Fault], offs: list[Fault], by_ns: int
) -> Iterator[tuple[int, str]]:
    # A host that is started again is `off` when it is ready, which its program decides; and what
    # cannot be undone has no off.
    is_halt = isinstance(step.action, HostAction) and step.action.verb in ("stop", "kill")
    if step.lasts_ns is None or is_halt or isinstance(step.action, Send | Rebind):
        return
    undone = {(fault.index, fault.host) for fault in offs}
    for fault in ons:
        over = fault.t + step.lasts_ns
        if over < by_ns and (fault.index, fault.host) not in undone:
            yield (
                fault.n,
                (
                    f"{step.place}: the step `{step.text}` (#{fault.n}) was to last "
                    f"{format_duration(step.lasts_ns)} and was not undone"
                ),
            )


def _leaks(
    cut: Cut, ons: list[Fault], offs: list[Fault], scenario: Scenario, trace: Trace
) -> Iterator[tuple[int, str]]:
    """Datagrams that arrived although their flow was cut when they were sent."""
    delivered = {e.of: e.n for e in trace.events if isinstance(e, Delivered)}
    sents = (e for e in trace.events if isinstance(e, Sent) and e.n in delivered)
    arrived = [sent for sent in sents if _on_flows(sent, cut.flows, scenario)]
    for on in ons:
        if on.host:
            continue  # a trigger bound one member; which flow that cuts is the lab's to say
        off = next((f for f in offs if f.index == on.index and f.n > on.n), None)
        for sent in arrived[bisect_right(arrived, on.n, key=lambda sent: sent.n) :]:
            if off is not None and sent.n > off.n:
                break
            if _sent_during(sent, on, off):
                what = f"{name_of(sent)} (#{sent.n}) was delivered"
                yield delivered[sent.n], f"{what} although its flow was cut (#{on.n})"


def _sent_during(sent: Sent, on: Fault, off: Fault | None) -> bool:
    """Well inside the fault by time too, so that no reading of a clock decides."""
    began = sent.t - sent.lag > on.t
    return began and (off is None or sent.t < off.t - off.lag)


def _on_flows(sent: Sent, flows: tuple[Flow, ...], scenario: Scenario) -> bool:
    ends = (sent.source, sent.sport), (sent.target, sent.dport)
    for flow in flows:
        if _is_end(flow.source, *ends[0], scenario) and _is_end(flow.target, *ends[1], scenario):
            return True
        crossed = _is_end(flow.target, *ends[0], scenario) and _is_end(
            flow.source, *ends[1], scenario
        )
        if flow.both and crossed:
            return True
    return False


def _is_end(end: End, host: str, port: int, scenario: Scenario) -> bool:
    """Whether a flow's end certainly means this host and port."""
    if end.port is not None and end.port != port:
        return False
    if end.address:
        return end.address == host
    if end.host.whose is Whose.OTHER and end.host.member is None:
        return False  # depends on what the other end binds
    return host in members(end.host, scenario.hosts)
