"""Refusals about time: marks, instants and windows that cannot be, or lie beyond the run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.errors import Place
from harness.scenario.document import Problems
from harness.scenario.marks import Marked, Marks, repeats, undoable
from harness.scenario.model import AtMark, AtTime, Plain, Scenario, Step
from harness.scenario.visits import Moment, mark_moments, parts
from harness.units import Range, format_duration

_MARK: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_MARK_FORM: Final = "letters, digits, - and _, a letter first"


def check_times(scenario: Scenario, problems: Problems) -> None:
    """Everything that is wrong with instants, marks and windows."""
    clock = _Clock(scenario, Marks(scenario.timeline), problems)
    clock.check_end()
    clock.check_mark_names()
    for moment, mark in mark_moments(scenario):
        clock.check_mark(moment, mark)
    for step in scenario.timeline:
        clock.check_step(step)
    for host in scenario.hosts.values():
        clock.check_beyond(clock.marks.time_of(host.starts), host.place, f"{host.name} starts")
    for part in parts(scenario):
        clock.check_part(part)


@dataclass(frozen=True, slots=True)
class _Clock:
    scenario: Scenario
    marks: Marks
    problems: Problems

    @property
    def end_ns(self) -> int | None:
        """When the run ends, where ``until`` is no event."""
        until = self.scenario.until
        found = self.marks.find(until) if isinstance(until, AtMark) else None
        return None if found is not None and found.many else self.marks.time_of(until)

    @property
    def limit(self) -> tuple[int, str]:
        """The latest possible end, and the key that sets it."""
        end = self.end_ns
        return (self.scenario.deadline_ns, "deadline") if end is None else (end, "until")

    def check_end(self) -> None:
        """The run takes some time."""
        end, key = self.limit
        if end <= 0:
            found = format_duration(end)
            place = self.scenario.place
            self.problems.add(place, f"{key} leaves no time", found, "more than 0s")

    def check_mark_names(self) -> None:
        """Marks are unlike one another, and can be written where an instant is read."""
        seen: dict[str, Step] = {}
        for step in self.scenario.timeline:
            if step.mark:
                self._check_mark_name(step, seen)
                seen.setdefault(step.mark, step)
            if self.marks.circular(step):
                accepted = "an instant that does not depend on the step itself"
                self.problems.add(step.place, "this step waits for itself", step.mark, accepted)

    def _check_mark_name(self, step: Step, seen: dict[str, Step]) -> None:
        if not _MARK.fullmatch(step.mark):
            self.problems.add(step.place, "this is no name for a mark", step.mark, _MARK_FORM)
        elif step.mark in seen:
            where = f"another name; it stands in line {seen[step.mark].place.line} already"
            self.problems.add(step.place, "the same mark twice", step.mark, where)
        whole, _, number = step.mark.rpartition("-")
        if number.isdecimal() and any(s.mark == whole and repeats(s) for s in seen.values()):
            message = f"the mark {whole} repeats, so this is one of its instants"
            self.problems.add(step.place, message, step.mark, "another name")

    def check_mark(self, moment: Moment, mark: AtMark) -> None:
        """A mark exists, means one instant where one is meant, and has the end it is asked for."""
        found = self.marks.find(mark)
        shown = _shown(mark)
        if found is None:
            names = self.marks.names
            accepted = f"one of {', '.join(names)}" if names else "a step with this mark"
            message = "no step has this mark"
            self.problems.add(mark.place, message, mark.mark, accepted, names)
        elif found.many and moment.what not in ("each", "whenever"):
            accepted = f"one of them, such as {found.step.mark}-1, or each: {found.step.mark}"
            message = f"{found.step.mark} repeats, and {moment.what} means one instant"
            self.problems.add(mark.place, message, found.step.mark, accepted)
        else:
            self._check_index(mark, found, shown)
            self._check_has_end(moment, mark, found.step, shown)

    def _check_index(self, mark: AtMark, found: Marked, shown: str) -> None:
        step, index = found.step, found.index
        if index is None:
            return
        if not repeats(step):
            message = f"{step.mark} does not repeat"
            self.problems.add(mark.place, message, shown, step.mark)
        elif step.times is not None and index > step.times:
            accepted = f"{step.mark}-1 … {step.mark}-{step.times}"
            self.problems.add(mark.place, f"{step.mark} repeats less often", shown, accepted)

    def _check_has_end(self, moment: Moment, mark: AtMark, step: Step, shown: str) -> None:
        ends = step.lasts_ns is not None or step.until is not None
        lasts = moment.what == "during" and undoable(step)
        if mark.end and not ends and not lasts:
            accepted = "a step with for or until" if undoable(step) else step.mark
            self.problems.add(mark.place, f"{step.mark} has no end", shown, accepted)

    def check_step(self, step: Step) -> None:
        """A step lies within the run, its last repeat and its end too."""
        at = self.marks.time_of(step.at)
        if at is not None and at < 0:
            found = format_duration(at)
            self.problems.add(step.place, "a step before zero", found, "0s or later")
            return
        last = None if at is None else at + ((step.times or 1) - 1) * (step.every_ns or 0)
        if self.check_beyond(last, step.place, "the step"):
            return
        if last is not None and step.lasts_ns is not None:
            self.check_beyond(last + step.lasts_ns, step.place, "the step's end")
        end = self.marks.time_of(step.until)
        if at is not None and end is not None and end < at:
            found, accepted = format_duration(end), f"an instant after {format_duration(at)}"
            self.problems.add(step.place, "the step ends before it begins", found, accepted)
        self.check_beyond(end, step.place, "the step's end")

    def check_beyond(self, at_ns: int | None, place: Place, what: str) -> bool:
        """Refuse an instant after the end of the run."""
        end, key = self.limit
        if at_ns is None or at_ns <= end:
            return False
        accepted = f"at most {format_duration(end)}, or a later {key}"
        self.problems.add(place, f"{what} lies beyond {key}", format_duration(at_ns), accepted)
        return True

    def check_part(self, part: Plain) -> None:
        """The windows of a plain check lie within the run and do not contradict one another."""
        if part.within is not None and _looks_back(part.within) and part.unless is not None:
            accepted = "unless with a window from 0s on"
            message = "unless on a window that looks back"
            self.problems.add(part.place, message, _range(part.within), accepted)
        anchored = part.anchor is not None or part.ids is not None
        if not anchored and part.within is not None and part.during is not None:
            message = "during beside within without an anchor word"
            accepted = "one of them, or after, each or whenever"
            self.problems.add(part.place, message, _range(part.within), accepted)
        word = "" if part.anchor is None else part.anchor.word
        at = None if part.anchor is None else self.marks.time_of(part.anchor.instant)
        if not self.check_beyond(at, part.place, word):
            self._check_window(part)
        self._check_during(part)

    def _check_window(self, part: Plain) -> None:
        end = self.end_ns
        if end is None or part.within is None:
            return
        instant = AtTime(0) if part.anchor is None else part.anchor.instant
        at = self.marks.time_of(instant, last=True) or 0
        for edge in (part.within.low, part.within.high):
            if edge is not None and at + edge > end:
                least = format_duration(int(at + edge))
                found, accepted = _range(part.within), f"until: {least} or later"
                self.problems.add(part.place, "the window lies beyond until", found, accepted)
                return

    def _check_during(self, part: Plain) -> None:
        if part.during is None:
            return
        start = self.marks.time_of(part.during.start)
        end = self.marks.time_of(part.during.end)
        beyond = [self.check_beyond(each, part.place, "during") for each in (start, end)]
        if start is not None and end is not None and start > end and not any(beyond):
            found = f"{format_duration(start)} .. {format_duration(end)}"
            self.problems.add(part.place, "during runs backwards", found, "the earlier end first")


def _looks_back(within: Range) -> bool:
    return within.low is None or within.low < 0


def _range(within: Range) -> str:
    low = "" if within.low is None else f"{format_duration(int(within.low))} "
    high = "" if within.high is None else f" {format_duration(int(within.high))}"
    return f"{low}..{high}"


def _shown(mark: AtMark) -> str:
    index = "" if mark.index is None else f"-{mark.index}"
    return f"{mark.mark}{index}{'.end' if mark.end else ''}"
