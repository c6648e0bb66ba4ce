"""Plain checks on a finite trace: each anchor is settled by itself, then the check.

Owns ``expect`` and ``never`` with everything that bounds them. Where matches lie is for
``lagged``, measures are for ``measures``, putting members and parts together is for ``judge``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from harness.checks.host_words import Binding
from harness.checks.instants import ZERO, Moment, moments
from harness.checks.lagged import Case, Lie, lie_of, slack
from harness.checks.matches import Finder, Match, Matches
from harness.checks.sentences import (
    anchor_words,
    count_words,
    distance,
    event_words,
    numbered,
    numbers_of,
    seconds,
    within_words,
)
from harness.checks.verdict import Outcome
from harness.checks.windows import Window, around, during_windows, whole_run
from harness.scenario.model import Plain
from harness.trace.events import AnyEvent
from harness.units import Range

AT_LEAST_ONE: Final = Range(1, None)
_MOST_EVIDENCE: Final = 20


class Status(Enum):
    """What becomes of one anchor. ``LAGGED``: it fails as written, but not beyond the lag."""

    HOLDS = "holds"
    EXCUSED = "excused"
    OPEN = "open"
    LAGGED = "lagged"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Settled:
    """One anchor, settled; ``deciding`` is the event that did it, ``lag`` that around it."""

    status: Status
    reason: str
    anchor: Moment
    window: Window
    evidence: tuple[int, ...] = ()
    deciding: AnyEvent | None = None
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check comes to for one binding."""

    outcome: Outcome
    reason: str
    evidence: tuple[int, ...] = ()
    deciding: int = 0
    at_ns: int | None = None
    window_ns: tuple[int, int] | None = None
    resolution_ns: int = 0


def judge_plain(plain: Plain, finder: Finder, binding: Binding) -> Finding:
    """Judge one ``expect`` or ``never`` for one choice of members."""
    if plain.ids is not None and plain.anchor is not None:
        return _in_words(plain, [_known_id(plain, at) for at in _anchors(plain, finder, binding)])
    if plain.ids is None and plain.anchor is None:
        return _judge_run(plain, finder, binding)
    settled = [
        _settle(plain, finder, binding, anchor, around(anchor, plain.within, finder.index))
        for anchor in _anchors(plain, finder, binding)
    ]
    return _in_words(plain, settled)


def _judge_run(plain: Plain, finder: Finder, binding: Binding) -> Finding:
    """Without an anchor word: zero with ``within``, else ``during``, else the whole run."""
    if plain.within is not None:
        windows = [around(ZERO, plain.within, finder.index)]
    elif plain.during is not None:
        windows = during_windows(plain.during, finder, binding)
    else:
        windows = [whole_run(finder.index)]
    if not windows:
        return Finding(Outcome.FAILED, "nothing to judge: the beginning of `during` never came")
    late = [window for window in windows if window.low_ns > finder.index.end_ns]
    if late and plain.within is None:
        return _ended_too_soon(plain, late[0], finder)
    return _worst([_settle(plain, finder, binding, ZERO, window) for window in windows])


def _ended_too_soon(plain: Plain, window: Window, finder: Finder) -> Finding:
    reason = (
        f"the run ended at {seconds(finder.index.end_ns)}, before the window began at "
        f"{seconds(window.low_ns)}: prolong `until`"
    )
    return Finding(Outcome.INCONCLUSIVE, reason, window_ns=window.span)


# -- anchors ---------------------------------------------------------------------------------


def _anchors(plain: Plain, finder: Finder, binding: Binding) -> list[Moment]:
    """The anchors that came by E and that ``during`` does not leave out."""
    if plain.anchor is None:
        found = [replace(ZERO, binding={"id": str(number)}) for number in _ids(plain.ids)]
    else:
        found = moments(plain.anchor.instant, finder, binding)
        if plain.anchor.word == "after":
            found = found[:1]
    came = [anchor for anchor in found if anchor.t <= finder.index.end_ns]
    if plain.during is None:
        return came
    windows = during_windows(plain.during, finder, binding)
    return [anchor for anchor in came if any(anchor.t in window for window in windows)]


def _ids(ids: Range | None) -> range:
    if ids is None:
        return range(0)
    return range(int(ids.low or 0), int(ids.high or 0) + 1)


def _known_id(plain: Plain, anchor: Moment) -> Settled:
    """What was taken must be one of the numbers that were to be offered."""
    caught = anchor.binding.get("id", "")
    number = int(caught) if caught.isascii() and caught.isdigit() else None
    known = plain.ids is not None and number is not None and number in plain.ids
    where = Window(anchor.t, anchor.t)
    reason = f"{anchor_words(anchor)} caught an id that is none of {count_words(_bounds(plain))}"
    status = Status.HOLDS if known else Status.FAILS
    return Settled(status, reason, anchor, where, numbers_of([anchor.event]), anchor.event)


def _bounds(plain: Plain) -> Range:
    return plain.ids or AT_LEAST_ONE


# -- one anchor ------------------------------------------------------------------------------


def _settle(
    plain: Plain, finder: Finder, binding: Binding, anchor: Moment, window: Window
) -> Settled:
    case = _case(plain, finder, {**binding, **anchor.binding}, anchor, window)
    strictly = lie_of(case, lagged=False)
    verdict = _decide(plain, case, strictly)
    if verdict.status is not Status.FAILS or not case.worst_lag:
        return verdict
    favoured = _decide(plain, case, lie_of(case, lagged=True))
    if favoured.status is Status.FAILS:
        return verdict
    return replace(verdict, status=Status.LAGGED, reason=_unsettled(verdict))


def _unsettled(verdict: Settled) -> str:
    return (
        f"{verdict.reason}; that is no more than the lag of {seconds(verdict.lag)} "
        "around the events concerned"
    )


def _case(plain: Plain, finder: Finder, binding: Binding, anchor: Moment, window: Window) -> Case:
    matches = finder.find(plain.pattern, binding) if plain.pattern else Matches([])
    unless = finder.find(plain.unless, binding) if plain.unless else None
    return Case(anchor, window, matches, unless, finder.index.worst_lag, _enough(plain))


def _enough(plain: Plain) -> int | None:
    """How many sure matches settle an anchor without looking at the rest."""
    if plain.kind == "never":
        return 1
    count = plain.count or AT_LEAST_ONE
    return int(count.low or 0) if count.high is None and count.low else None


def _decide(plain: Plain, case: Case, lie: Lie) -> Settled:
    decide = _decide_never if plain.kind == "never" else _decide_expect
    return decide(plain, case, lie)


def _decide_never(plain: Plain, case: Case, lie: Lie) -> Settled:
    if lie.sure:
        found = lie.sure[0]
        return _verdict(case, Status.FAILS, f"there is {_found(plain, case, found)}", [found])
    if not case.window.closed and lie.ended is None:
        return _open(case)
    return _verdict(case, Status.HOLDS, "nothing of the kind came", [])


def _decide_expect(plain: Plain, case: Case, lie: Lie) -> Settled:
    count = plain.count or AT_LEAST_ONE
    if lie.early:
        found = lie.early[0]
        side = "earlier" if case.window.look == "on" else "later"
        reason = f"{distance(case.anchor, found)}, {side} than {within_words(plain.within)}"
        return _verdict(case, Status.FAILS, reason, [found])
    if count.high is not None and len(lie.sure) > count.high:
        return _too_many(plain, case, lie, count)
    if count.low is not None and len(lie.sure) + len(lie.maybe) < count.low:
        return _too_few(plain, case, lie, count)
    if count.high is not None and not case.window.closed and lie.ended is None:
        return _open(case)
    reason = f"{numbered(len(lie.sure), 'match')}{_in_window(plain, case)}"
    return _verdict(case, Status.HOLDS, reason, lie.sure)


def _too_many(plain: Plain, case: Case, lie: Lie, count: Range) -> Settled:
    over = lie.sure[int(count.high or 0)]
    reason = (
        f"{numbered(len(lie.sure), 'match')}{_in_window(plain, case)}, "
        f"where count allows {count_words(count)}"
    )
    return _verdict(case, Status.FAILS, reason, [over, *lie.sure])


def _too_few(plain: Plain, case: Case, lie: Lie, count: Range) -> Settled:
    if lie.ended is not None:
        reason = f"excused by {event_words(lie.ended.event)}"
        return _verdict(case, Status.EXCUSED, reason, [lie.ended])
    if not case.window.closed:
        return _open(case)
    late = _next_outside(case)
    reason = (
        f"{numbered(len(lie.sure), 'match') if lie.sure else 'no match'}{_in_window(plain, case)}"
        f"{_wanted(count)}{_late_words(case, late)}"
    )
    return _verdict(case, Status.FAILS, reason, [late, *lie.sure] if late else lie.sure)


def _wanted(count: Range) -> str:
    return "" if count == AT_LEAST_ONE else f", where count asks for {count_words(count)}"


def _late_words(case: Case, late: Match | None) -> str:
    return f"; the next is {distance(case.anchor, late)}" if late else ""


def _next_outside(case: Case) -> Match | None:
    """The first match past a window that closed without enough."""
    positions = range(case.matches.position_after(case.anchor.n or 0), len(case.matches))
    if case.window.look != "on":
        return None
    later = (case.matches[position] for position in positions)
    return next((match for match in later if match.t > case.window.high_ns), None)


def _open(case: Case) -> Settled:
    return _verdict(case, Status.OPEN, f"the run ended inside the window{_of(case)}", [])


def _of(case: Case) -> str:
    return f" of {anchor_words(case.anchor)}" if case.anchor.event is not None else ""


def _found(plain: Plain, case: Case, match: Match) -> str:
    if plain.anchor is None and plain.within is None:
        return f"{event_words(match.event)} at {seconds(match.t)}"
    return distance(case.anchor, match)


def _in_window(plain: Plain, case: Case) -> str:
    if plain.within is not None:
        return f" within {within_words(plain.within)} of {anchor_words(case.anchor)}"
    if plain.anchor is not None:
        return f" after {anchor_words(case.anchor)}"
    if case.anchor.binding:
        return f" for id {case.anchor.binding.get('id', '')}"
    return f" in {seconds(case.window.low_ns)} .. {seconds(case.window.high_ns)}"


def _verdict(case: Case, status: Status, reason: str, matches: Sequence[Match]) -> Settled:
    """``matches`` begin with the one that decides."""
    first = matches[0] if matches else None
    events = [case.anchor.event, *(match.event for match in matches[:_MOST_EVIDENCE])]
    return Settled(
        status,
        reason,
        case.anchor,
        case.window,
        numbers_of(events),
        first.event if first else None,
        slack(case, first) if first else case.anchor.lag,
    )


# -- the check -------------------------------------------------------------------------------


def _in_words(plain: Plain, settled: Sequence[Settled]) -> Finding:
    """The verdict of a check from its anchors, by its anchor word."""
    word = plain.anchor.word if plain.anchor is not None else "each"
    bad = _first(settled, (Status.FAILS, Status.LAGGED))
    if bad is not None:
        return _finding(bad, len(settled), _count(settled, bad.status))
    if word == "whenever" or _count(settled, Status.HOLDS):
        return _passed(settled)
    still_open = _first(settled, (Status.OPEN,))
    if still_open is not None:
        return _finding(still_open, len(settled), _count(settled, Status.OPEN))
    return _nothing(plain, settled)


def _first(settled: Iterable[Settled], statuses: Sequence[Status]) -> Settled | None:
    """The first anchor of the worst of these statuses that there is."""
    for status in statuses:
        for anchor in settled:
            if anchor.status is status:
                return anchor
    return None


def _count(settled: Iterable[Settled], status: Status) -> int:
    return sum(anchor.status is status for anchor in settled)


def _passed(settled: Sequence[Settled]) -> Finding:
    counts = ((status, _count(settled, status)) for status in Status)
    parts = [f"{count} {status.value}" for status, count in counts if count]
    reason = f"{numbered(len(settled), 'anchor')}: {', '.join(parts)}" if parts else "no anchor"
    return Finding(
        Outcome.PASSED,
        reason,
        resolution_ns=max((anchor.lag for anchor in settled), default=0),
    )


def _nothing(plain: Plain, settled: Sequence[Settled]) -> Finding:
    if settled:
        reason = f"all {numbered(len(settled), 'anchor')} are excused"
    elif plain.during is not None:
        reason = "no anchor came in `during`"
    else:
        reason = "the anchor never came"
    evidence = tuple(n for anchor in settled[:_MOST_EVIDENCE] for n in anchor.evidence)
    return Finding(Outcome.FAILED, f"nothing to judge: {reason}", evidence)


def _worst(settled: Sequence[Settled]) -> Finding:
    """Without an anchor word each window has to hold; an excused one has nothing against it."""
    order = (Status.FAILS, Status.LAGGED, Status.OPEN, Status.HOLDS, Status.EXCUSED)
    worst = _first(settled, order)
    assert worst is not None  # noqa: S101 - there is at least one window
    if worst.status is Status.EXCUSED:
        return replace(_finding(worst, 1, 1), reason=f"nothing to judge: {worst.reason}")
    return _finding(worst, 1, 1)


_OUTCOMES: Final = {
    Status.HOLDS: Outcome.PASSED,
    Status.EXCUSED: Outcome.FAILED,
    Status.OPEN: Outcome.INCONCLUSIVE,
    Status.LAGGED: Outcome.INCONCLUSIVE,
    Status.FAILS: Outcome.FAILED,
}


def _finding(settled: Settled, anchors: int, alike: int) -> Finding:
    reason = settled.reason
    if alike > 1:
        reason += f" (the first of {alike} such anchors of {anchors})"
    if settled.status is Status.OPEN:
        reason += ": prolong `until`"
    went_wrong = settled.status in (Status.FAILS, Status.LAGGED)
    return Finding(
        _OUTCOMES[settled.status],
        reason,
        settled.evidence,
        settled.deciding.n if settled.deciding else 0,
        _moment_of_failure(settled) if went_wrong else None,
        settled.window.span,
        settled.lag,
    )


def _moment_of_failure(settled: Settled) -> int:
    """When it went wrong: at the deciding event, or when the window closed without it."""
    return settled.deciding.t if settled.deciding else settled.window.high_ns
