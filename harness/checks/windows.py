"""Windows on a run: ``within`` around an anchor, ``during``, the whole run. By time, both ends in.

Knows nothing of matches; how they fall into a window is for ``lagged`` and ``plain``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.checks.event_index import EventIndex
from harness.checks.host_words import Binding
from harness.checks.instants import Moment, moments, runs_to_the_end
from harness.checks.matches import Finder
from harness.scenario.model import AtMark, During, Instant
from harness.units import Range


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time. ``look`` is where its matches lie by number: ``on`` (after the anchor),
    ``back`` (before it) or ``both``.

    ``closed``: the run lasted until its end. A bound that stands for the run's own beginning or
    end is ``hard``: no lag moves it.
    """

    low_ns: int
    high_ns: int
    look: Literal["on", "back", "both"] = "both"
    closed: bool = True
    hard_low: bool = False
    hard_high: bool = False
    lag: int = 0

    @property
    def span(self) -> tuple[int, int]:
        return self.low_ns, self.high_ns

    def __contains__(self, t: int) -> bool:
        return self.low_ns <= t <= self.high_ns


def whole_run(index: EventIndex) -> Window:
    """From the first event to E."""
    return Window(index.start_ns, index.end_ns, hard_low=True, hard_high=True)


def around(anchor: Moment, within: Range | None, index: EventIndex) -> Window:
    """The window of an anchor: ``within`` from it, by default from it to E.

    An open end has no bound but the run's own: it reaches to E, or back to the first event. A
    window that was to begin after E is not closed: the run says nothing about it.
    """
    low, high = (0, None) if within is None else (within.low, within.high)
    low_ns = min(index.start_ns, anchor.t) if low is None else anchor.t + int(low)
    high_ns = max(index.end_ns, low_ns) if high is None else anchor.t + int(high)
    return Window(
        low_ns,
        high_ns,
        look=_look(low, high),
        closed=(low_ns if high is None else high_ns) <= index.end_ns,
        hard_low=low is None,
        hard_high=high is None,
    )


def _look(low: object, high: object) -> Literal["on", "back", "both"]:
    if isinstance(high, int) and high <= 0 and low != 0:
        return "back"
    if low is not None and low >= 0:  # type: ignore[operator]
        return "on"
    return "both"


def during_windows(during: During, finder: Finder, binding: Binding) -> list[Window]:
    """The stretches that ``during`` means: one, or one for each repeat of a mark.

    A stretch whose beginning did not come is left out; one whose end did not come is not closed.
    """
    index = finder.index
    starts = _starts(during.start, finder, binding)
    return [_stretch(start, during, finder, binding, index) for start in starts]


def _starts(start: Instant | None, finder: Finder, binding: Binding) -> Sequence[Moment]:
    index = finder.index
    if start is None:
        return [Moment(index.start_ns)]
    came = moments(start, finder, binding)
    return came if isinstance(start, AtMark) else came[:1]


def _stretch(
    start: Moment, during: During, finder: Finder, binding: Binding, index: EventIndex
) -> Window:
    end = _end_after(start, during.end, finder, binding)
    lasting = isinstance(during.end, AtMark) and runs_to_the_end(during.end, index.scenario)
    open_end = during.end is None or (end is None and lasting)
    high_ns = end.t if end is not None else max(index.end_ns, start.t)
    return Window(
        start.t,
        high_ns,
        closed=start.t <= index.end_ns
        and (open_end or (end is not None and high_ns <= index.end_ns)),
        hard_low=during.start is None,
        hard_high=open_end,
        lag=max(start.lag, end.lag if end else 0),
    )


def _end_after(
    start: Moment, end: Instant | None, finder: Finder, binding: Binding
) -> Moment | None:
    """The first time that the end came at or after the start."""
    if end is None:
        return None
    came = moments(end, finder, binding)
    return next((moment for moment in came if moment.t >= start.t), None)
