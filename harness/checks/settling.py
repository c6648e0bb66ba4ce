"""One anchor settled: whether it fails, holds, is excused or open, or is a matter of lag.

Owns the table of section 11 of the language for ``expect`` and ``never``. Where matches lie is
for ``lagged``; what settled anchors mean for the check is for ``findings``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from harness.checks.instants import Moment
from harness.checks.lagged import Case, Lie, lie_of, slack
from harness.checks.matches import Match
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
from harness.checks.windows import Window
from harness.scenario.model import Plain
from harness.trace.events import AnyEvent
from harness.units import Range

AT_LEAST_ONE: Final = Range(1, None)
MOST_EVIDENCE: Final = 20


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


def settle(plain: Plain, case: Case) -> Settled:
    """Settle one anchor: strictly, and where it fails so, in favour of the program."""
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


def enough(plain: Plain) -> int | None:
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
    events = [case.anchor.event, *(match.event for match in matches[:MOST_EVIDENCE])]
    return Settled(
        status,
        reason,
        case.anchor,
        case.window,
        numbers_of(events),
        first.event if first else None,
        slack(case, first) if first else case.anchor.lag,
    )
