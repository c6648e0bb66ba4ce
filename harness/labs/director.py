"""The timeline as a state machine without I/O: events and time in, orders out.

A lab feeds it every event of its log and asks what is due; it carries out the orders and writes a
``fault`` event when one took effect or was undone. From those events the director learns the
marks. It carries nothing out and judges nothing. All times are nanoseconds since zero.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from harness.checks.matching import NOTHING
from harness.labs.watch import Caught, Match, Rendezvous, Watch, rendezvous
from harness.scenario.marks import Marked, Marks
from harness.scenario.model import (
    AtMark,
    AtPattern,
    AtTime,
    Either,
    Instant,
    Pattern,
    Scenario,
    Single,
    Step,
)
from harness.trace.events import AnyEvent, Fault


@dataclass(frozen=True, slots=True)
class Begin:
    """Carry out a step. ``index`` counts its repeats from 1. ``caught`` binds groups to the
    members that triggered it (a group that it leaves out concerns every member); ``trigger`` is
    the number of the event that did, 0 for none."""

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

# Of what is due at the same instant, the old ends before the new begins, and the run ends last,
# because a step at E still belongs to the run.
_RANK: Final = {Undo: 0, Begin: 1, StartHost: 1, EndRun: 2}


@dataclass(frozen=True, slots=True)
class _MarkWait:
    """An order that waits for a mark."""

    marked: Marked
    end: bool
    plus_ns: int
    order: Order

    def met_by(self, event: Fault) -> bool:
        index = self.marked.index
        named = event.step == self.marked.step.index and index in (None, event.index)
        return named and event.on != self.end


@dataclass(frozen=True, slots=True)
class _PatternWait:
    """An order that waits for the one instant of a pattern."""

    rendezvous: Rendezvous
    order: Order


@dataclass(slots=True)
class _CountedEnd:
    """An ``until`` whose pattern has an ``nth``: counted from the start of the run, whenever the
    step begins. ``at_ns`` is None until it has come; ``waiting`` are the steps to undo then."""

    rendezvous: Rendezvous
    at_ns: int | None = None
    waiting: list[Order] = field(default_factory=list)


class Director:
    """Holds the timeline of one run, which begins before zero with the first event."""

    def __init__(self, scenario: Scenario, match: Match) -> None:
        self._scenario = scenario
        self._match = match
        self._marks = Marks(scenario.timeline)
        self._due: list[tuple[int, int, int, Order]] = []
        self._sequence = itertools.count()
        self._faults: list[Fault] = []
        self._mark_waits: list[_MarkWait] = []
        self._pattern_waits: list[_PatternWait] = []
        self._triggers: list[tuple[Step, Watch]] = []
        self._counted_ends: dict[int, _CountedEnd] = {}
        self._begun: set[int] = set()
        self._triggered: dict[int, int] = {}
        self._end_known = False
        self._over = False
        self._plan_steps()
        self._plan_hosts()
        self._plan_end()

    def _plan_steps(self) -> None:
        for step in self._scenario.timeline:
            if step.each is not None:
                self._triggers.append((step, Watch(step.each, self._match)))
            elif step.at is not None:
                self._when(step.at, Begin(step, 1, NOTHING))
            if isinstance(step.until, AtPattern) and _counts(step.until.pattern):
                waiting = rendezvous(step.until.pattern, self._scenario, self._match)
                self._counted_ends[step.index] = _CountedEnd(waiting)

    def _plan_hosts(self) -> None:
        for host in self._scenario.hosts.values():
            if host.starts is not None:
                for member in host.members:
                    self._when(host.starts, StartHost(member))

    def _plan_end(self) -> None:
        until = self._scenario.until
        self._when(until, EndRun("until"))
        # The deadline is for an end that waits for an event; a mark of a timed step does not.
        if self._marks.time_of(until) is None:
            self._push(self._scenario.deadline_ns, EndRun("deadline"))

    @property
    def over(self) -> bool:
        """Whether E has been ordered; nothing is ordered after it."""
        return self._over

    def next_due_ns(self) -> int | None:
        """When :meth:`due` has something next; None while everything waits for events."""
        return self._due[0][0] if self._due and not self._over else None

    def due(self, now_ns: int) -> list[tuple[int, Order]]:
        """The orders of the earliest instant that has come, each with when it was due.

        Carry them out, feed what they caused, and ask again until nothing is left: a step that
        took effect may be what a later one waits for, however late the lab looks.
        """
        orders: list[tuple[int, Order]] = []
        while self._is_next(orders, now_ns):
            at_ns, _, _, order = heapq.heappop(self._due)
            if order == EndRun("deadline") and self._end_known:
                continue
            orders.append((at_ns, order))
            self._follow_up(at_ns, order)
        return orders

    def _is_next(self, orders: list[tuple[int, Order]], now_ns: int) -> bool:
        if self._over or not self._due or self._due[0][0] > now_ns:
            return False
        at_ns, _, _, order = self._due[0]
        return not orders or (at_ns == orders[0][0] and not isinstance(order, EndRun))

    def feed(self, event: AnyEvent) -> None:
        """Note an event; what it triggers is due from now on."""
        if self._over:
            return
        if isinstance(event, Fault):
            self._learn_mark(event)
        for step, watch in self._triggers:
            for hit in watch.feed(event):
                self._trigger(step, hit.at_ns, hit.event, hit.caught)
        for end in self._counted_ends.values():
            self._note_end(end, event)
        if self._pattern_waits:
            self._pattern_waits = [w for w in self._pattern_waits if not self._met(w, event)]

    def missed(self) -> list[int]:
        """The steps that never happened, by their index."""
        return [step.index for step in self._scenario.timeline if step.index not in self._begun]

    def _push(self, at_ns: int, order: Order) -> None:
        if order == EndRun("until"):
            self._end_known = True
        # Nothing is done before zero, whatever happened then.
        entry = (max(at_ns, 0), _RANK[type(order)], next(self._sequence), order)
        heapq.heappush(self._due, entry)

    def _when(
        self, instant: Instant, order: Order, given: Caught = NOTHING, earliest_ns: int = 0
    ) -> None:
        """Let an order be due at an instant; at ``earliest_ns`` if that was before."""
        match instant:
            case AtTime(at_ns):
                self._push(max(at_ns, earliest_ns), order)
            case AtMark():
                self._at_mark(instant, order, earliest_ns)
            case AtPattern(pattern):
                waiting = rendezvous(pattern, self._scenario, self._match, given)
                self._pattern_waits.append(_PatternWait(waiting, order))

    def _at_mark(self, at: AtMark, order: Order, earliest_ns: int) -> None:
        planned_ns = self._marks.time_of(at)
        if at.plus_ns < 0 and planned_ns is not None:
            # Before a mark: only the plan can tell, the mark itself would be too late.
            self._push(max(planned_ns, earliest_ns), order)
            return
        marked = self._marks.find(at)
        if marked is None:
            return
        wait = _MarkWait(marked, at.end, at.plus_ns, order)
        past = next((event for event in self._faults if wait.met_by(event)), None)
        if past is None:
            self._mark_waits.append(wait)
        else:
            self._push(max(past.t + at.plus_ns, earliest_ns), order)

    def _learn_mark(self, event: Fault) -> None:
        if event.mark:
            self._faults.append(event)
        for wait in [wait for wait in self._mark_waits if wait.met_by(event)]:
            self._mark_waits.remove(wait)
            self._push(event.t + wait.plus_ns, wait.order)

    def _trigger(self, step: Step, at_ns: int, event: int, caught: Caught) -> None:
        count = self._triggered.get(step.index, 0)
        if step.times is not None and count >= step.times:
            return
        self._triggered[step.index] = count + 1
        self._push(at_ns, Begin(step, count + 1, caught, event))

    def _met(self, waiting: _PatternWait, event: AnyEvent) -> bool:
        hit = waiting.rendezvous.feed(event)
        if hit is None:
            return False
        order = waiting.order
        if isinstance(order, Begin):
            order = Begin(order.step, order.index, hit.caught, hit.event)
        self._push(hit.at_ns, order)
        return True

    def _note_end(self, end: _CountedEnd, event: AnyEvent) -> None:
        hit = end.rendezvous.feed(event)
        if hit is None:
            return
        end.at_ns = hit.at_ns
        for order in end.waiting:
            self._push(hit.at_ns, order)

    def _follow_up(self, at_ns: int, order: Order) -> None:
        if isinstance(order, EndRun):
            self._over = True
        elif isinstance(order, Begin):
            self._begun.add(order.step.index)
            self._plan_undo(at_ns, order)
            self._plan_repeat(at_ns, order)

    def _plan_undo(self, at_ns: int, order: Begin) -> None:
        step, undo = order.step, Undo(order.step, order.index, order.caught)
        counted = self._counted_ends.get(step.index)
        if step.lasts_ns is not None:
            self._push(at_ns + step.lasts_ns, undo)
        elif counted is not None and counted.at_ns is None:
            counted.waiting.append(undo)
        elif counted is not None and counted.at_ns is not None:
            self._push(max(counted.at_ns, at_ns), undo)
        elif step.until is not None:
            # Without ``nth`` it is the next match: one from before would end nothing.
            self._when(step.until, undo, order.caught, earliest_ns=at_ns)

    def _plan_repeat(self, at_ns: int, order: Begin) -> None:
        step = order.step
        if step.every_ns is not None and order.index < (step.times or order.index + 1):
            again = Begin(step, order.index + 1, order.caught, order.trigger)
            self._push(at_ns + step.every_ns, again)


def _counts(pattern: Pattern) -> bool:
    """Whether an ``nth`` stands anywhere in a pattern."""
    if isinstance(pattern, Single | Either) and pattern.nth is not None:
        return True
    return not isinstance(pattern, Single) and any(_counts(part) for part in pattern.patterns)
