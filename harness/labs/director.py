"""The timeline as a state machine without I/O: events and time in, orders out.

A lab feeds it every event of its log and asks what is due; it carries out the orders and writes a
``fault`` event when one took effect or was undone. From those events the director learns the
marks. All times are nanoseconds since zero.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.labs.watch import Match, Rendezvous, Watch, rendezvous
from harness.scenario.model import AtMark, AtPattern, AtTime, Instant, Scenario, Step
from harness.trace.events import AnyEvent, Fault


@dataclass(frozen=True, slots=True)
class Begin:
    """Carry out a step. ``caught`` binds groups to the members that triggered it; ``trigger`` is
    the event that did."""

    step: Step
    index: int
    caught: Mapping[str, str]
    trigger: int = 0


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo what ``Begin`` with the same step and index did."""

    step: Step
    index: int
    caught: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StartHost:
    """The instant has come at which a host with ``starts`` begins."""

    host: str


@dataclass(frozen=True, slots=True)
class EndRun:
    """E has come."""

    why: Literal["until", "deadline"]


Order = Begin | Undo | StartHost | EndRun


@dataclass(frozen=True, slots=True)
class _MarkWait:
    """An order that waits for a mark."""

    at: AtMark
    order: Order


@dataclass(frozen=True, slots=True)
class _PatternWait:
    """An order that waits for the one instant of a pattern."""

    rendezvous: Rendezvous
    order: Order


class Director:
    """Holds the timeline of one run."""

    def __init__(self, scenario: Scenario, match: Match) -> None:
        self._scenario = scenario
        self._match = match
        self._due: list[tuple[int, int, Order]] = []
        self._sequence = itertools.count()
        self._marks: list[_MarkWait] = []
        self._patterns: list[_PatternWait] = []
        self._triggers: list[tuple[Step, Watch]] = []
        self._begun: dict[int, int] = {}
        self._triggered: dict[int, int] = {}
        self._over = False
        self._plan_steps()
        self._plan_hosts()
        self._plan_end()

    def _plan_steps(self) -> None:
        for step in self._scenario.timeline:
            if step.each is not None:
                self._triggers.append((step, Watch(step.each, self._match)))
            elif step.at is not None:
                self._when(step.at, Begin(step, 1, {}))

    def _plan_hosts(self) -> None:
        for host in self._scenario.hosts.values():
            if host.starts is not None:
                for member in host.members:
                    self._when(host.starts, StartHost(member))

    def _plan_end(self) -> None:
        self._when(self._scenario.until, EndRun("until"))
        if not isinstance(self._scenario.until, AtTime):
            self._push(self._scenario.deadline_ns, EndRun("deadline"))

    def _when(self, instant: Instant, order: Order) -> None:
        match instant:
            case AtTime(at_ns):
                self._push(at_ns, order)
            case AtMark():
                self._marks.append(_MarkWait(instant, order))
            case AtPattern(pattern):
                waiting = rendezvous(pattern, self._scenario, self._match)
                self._patterns.append(_PatternWait(waiting, order))

    def _push(self, at_ns: int, order: Order) -> None:
        heapq.heappush(self._due, (at_ns, next(self._sequence), order))

    @property
    def over(self) -> bool:
        """Whether E has been ordered; nothing is ordered after it."""
        return self._over

    def next_due_ns(self) -> int | None:
        """When :meth:`due` has something next; None while everything waits for events."""
        return self._due[0][0] if self._due and not self._over else None

    def due(self, now_ns: int) -> list[tuple[int, Order]]:
        """The orders whose time has come, each with the time at which it was due."""
        orders: list[tuple[int, Order]] = []
        while not self._over and self._due and self._due[0][0] <= now_ns:
            at_ns, _, order = heapq.heappop(self._due)
            orders.append((at_ns, order))
            self._follow_up(at_ns, order)
        return orders

    def _follow_up(self, at_ns: int, order: Order) -> None:
        if isinstance(order, EndRun):
            self._over = True
        elif isinstance(order, Begin):
            self._begun[order.step.index] = self._begun.get(order.step.index, 0) + 1
            self._plan_undo(at_ns, order)
            self._plan_repeat(at_ns, order)

    def _plan_undo(self, at_ns: int, order: Begin) -> None:
        step, undo = order.step, Undo(order.step, order.index, order.caught)
        if step.lasts_ns is not None:
            self._push(at_ns + step.lasts_ns, undo)
        elif step.until is not None:
            self._when(step.until, undo)

    def _plan_repeat(self, at_ns: int, order: Begin) -> None:
        step = order.step
        if step.every_ns is not None and order.index < (step.times or order.index + 1):
            again = Begin(step, order.index + 1, order.caught)
            self._push(at_ns + step.every_ns, again)

    def feed(self, event: AnyEvent) -> None:
        """Note an event; what it triggers is due from now on."""
        if self._over:
            return
        if isinstance(event, Fault):
            self._learn_mark(event)
        for step, watch in self._triggers:
            for hit in watch.feed(event):
                self._trigger(step, hit.at_ns, hit.event, hit.caught)
        for waiting in list(self._patterns):
            met = waiting.rendezvous.feed(event)
            if met is not None:
                self._patterns.remove(waiting)
                order = waiting.order
                if isinstance(order, Begin):
                    order = Begin(order.step, order.index, met.caught, met.event)
                self._push(met.at_ns, order)

    def _trigger(self, step: Step, at_ns: int, event: int, caught: Mapping[str, str]) -> None:
        count = self._triggered.get(step.index, 0)
        if step.times is not None and count >= step.times:
            return
        self._triggered[step.index] = count + 1
        self._push(at_ns, Begin(step, count + 1, caught, event))

    def _learn_mark(self, event: Fault) -> None:
        if not event.mark:
            return
        for waiting in list(self._marks):
            at = waiting.at
            if at.mark != event.mark or at.end == event.on:
                continue
            if at.index is not None and at.index != event.index:
                continue
            self._marks.remove(waiting)
            self._push(event.t + at.plus_ns, waiting.order)

    def missed(self) -> list[int]:
        """The steps that never happened, by their index."""
        return [step.index for step in self._scenario.timeline if step.index not in self._begun]
