"""The marks of a timeline: what each names, and when that is, where it can be known beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.scenario.model import (
    AtMark,
    AtTime,
    Instant,
    Rebind,
    Send,
    Step,
)

_NUMBERED: Final = re.compile(r"(.+)-([1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Marked:
    """What a mark speaks of: a step, and which of its repeats (None: the only one, or all)."""

    step: Step
    index: int | None

    @property
    def many(self) -> bool:
        """Whether the mark stands for several instants."""
        return self.index is None and repeats(self.step)


class Marks:
    """The marks of some steps, by name."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps: dict[str, Step] = {}
        for step in steps:
            if step.mark:
                self._steps.setdefault(step.mark, step)

    @property
    def names(self) -> tuple[str, ...]:
        """Every mark, in the order of the timeline."""
        return tuple(self._steps)

    def find(self, mark: AtMark) -> Marked | None:
        """The step that a mark names; None if it names none."""
        if mark.index is None and mark.mark in self._steps:
            return Marked(self._steps[mark.mark], None)
        whole = mark.mark if mark.index is None else f"{mark.mark}-{mark.index}"
        if whole in self._steps:
            return Marked(self._steps[whole], None)
        match = _NUMBERED.fullmatch(whole)
        if match is None or match[1] not in self._steps:
            return None
        return Marked(self._steps[match[1]], int(match[2]))

    def time_of(self, instant: Instant | None, *, last: bool = False) -> int | None:
        """When an instant is, in nanoseconds after zero; None where only a run can tell.

        Of a repeating mark it is the first, or the ``last``.
        """
        return self._time(instant, frozenset(), last=last)

    def circular(self, step: Step) -> bool:
        """Whether a step waits for its own mark, directly or through others."""
        seen: set[int] = set()
        here: Step | None = step
        while here is not None and here.index not in seen:
            seen.add(here.index)
            found = self.find(here.at) if isinstance(here.at, AtMark) else None
            here = None if found is None else found.step
        return here is not None and here.index == step.index

    def _time(
        self, instant: Instant | None, seen: frozenset[int], *, last: bool
    ) -> int | None:
        if isinstance(instant, AtTime):
            return instant.at_ns
        if not isinstance(instant, AtMark):
            return None
        found = self.find(instant)
        if found is None or found.step.index in seen:
            return None
        step = found.step
        begin = self._time(step.at, seen | {step.index}, last=last)
        if begin is None:
            return None
        at = begin + self._offset(found, last=last) + instant.plus_ns
        if not instant.end:
            return at
        if step.lasts_ns is None:
            return self._time(step.until, seen | {step.index}, last=last)
        return at + step.lasts_ns

    def _offset(self, found: Marked, *, last: bool) -> int:
        repeat = found.index or ((found.step.times or 1) if last else 1)
        return (repeat - 1) * (found.step.every_ns or 0)


def repeats(step: Step) -> bool:
    """Whether a step may take effect more than once."""
    return step.each is not None or step.every_ns is not None


def undoable(step: Step) -> bool:
    """Whether the end of the step undoes something."""
    return step.action is not None and not isinstance(step.action, Send | Rebind)
