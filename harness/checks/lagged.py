"""How matches lie in a window: certainly inside, perhaps inside, certainly too early.

A lab notices late: an event recorded at t with lag L happened within t-L .. t. Strictly, the
recorded times count. In favour of the program each bound is moved by the lag of the two events
concerned; whatever lies closer to a bound than that is a *maybe*, to be counted as the program
would have it. What the counts mean for a check is said in ``plain``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.checks.instants import Moment
from harness.checks.matches import Match, Matches
from harness.checks.windows import Window


@dataclass(frozen=True, slots=True)
class Case:
    """One anchor with its window. ``enough``: how many sure matches settle it; None counts all.

    ``unless`` is what may end the window early.
    """

    anchor: Moment
    window: Window
    matches: Matches
    unless: Matches | None
    worst_lag: int
    enough: int | None = None


@dataclass(slots=True)
class Lie:
    """Where the matches of a case lie. ``ended`` is the match that ended the window early."""

    sure: list[Match] = field(default_factory=list)
    maybe: list[Match] = field(default_factory=list)
    early: list[Match] = field(default_factory=list)
    ended: Match | None = None


def lie_of(case: Case, *, lagged: bool) -> Lie:
    """Sort the matches of a case, strictly or (``lagged``) in favour of the program."""
    lie = Lie(ended=_ended(case, lagged=lagged))
    # Where the window looks back, what settles it may still come after what lies in it.
    enough = None if case.window.look == "back" else case.enough
    for match in _candidates(case, lagged=lagged):
        place = _place(case, match, lie.ended, lagged=lagged)
        if place is not None:
            getattr(lie, place).append(match)
        if enough is not None and len(lie.sure) >= enough:
            break
    return lie


def slack(case: Case, match: Match) -> int:
    """The lag of the two events that a bound lies between."""
    return case.anchor.lag + case.window.lag + match.lag


def _ended(case: Case, *, lagged: bool) -> Match | None:
    """The first match of ``unless`` after the anchor, no later than the end of the window."""
    if case.unless is None:
        return None
    room = 3 * case.worst_lag if lagged else 0
    positions = case.unless.within(case.anchor.t - room, case.window.high_ns + room)
    for position in _from_anchor(case.anchor, case.unless, positions):
        match: Match = case.unless[position]
        late = match.t - (slack(case, match) if lagged else 0) > case.window.high_ns
        if not late and _is_after(case.anchor, match):
            return match
    return None


def _from_anchor(anchor: Moment, matches: Matches, positions: range) -> range:
    """Positions after the anchor, by number where it has one."""
    if anchor.n is None:
        return positions
    return range(matches.position_after(anchor.n), positions.stop)


def _candidates(case: Case, *, lagged: bool) -> Iterator[Match]:
    """The matches that may matter, in order of number."""
    window, anchor = case.window, case.anchor
    room = 3 * case.worst_lag if lagged else 0
    low, high = min(window.low_ns, anchor.t) - room, max(window.high_ns, anchor.t) + room
    positions = case.matches.within(low, high)
    if window.look == "on" and not lagged:
        positions = _from_anchor(anchor, case.matches, positions)
    for position in positions:
        match = case.matches[position]
        if anchor.event is None or match.n != anchor.event.n:
            yield match


def _place(case: Case, match: Match, ended: Match | None, *, lagged: bool) -> str | None:
    """``sure``, ``maybe``, ``early``, or None for a match that does not concern the anchor."""
    play = slack(case, match) if lagged else 0
    doubtful = lagged and abs(match.t - case.anchor.t) <= play
    if not (_is_on_side(case, match) or doubtful):
        return None
    if ended is not None and match.n > ended.n and not _near(match, ended, lagged=lagged):
        return None
    place = _place_in_time(case, _time(case, match), play)
    if place == "early":
        # A match that may have come before the anchor, or after the end, is not early for sure.
        unsure = doubtful or (ended is not None and _near(match, ended, lagged=lagged))
        return None if unsure else place
    if place == "sure" and lagged and _is_loose(case, match, ended, doubtful=doubtful):
        return "maybe"
    return place


def _place_in_time(case: Case, t: int, play: int) -> str | None:
    window = case.window
    low_play = 0 if window.hard_low else play
    high_play = 0 if window.hard_high else play
    if window.low_ns + low_play <= t <= window.high_ns - high_play:
        return "sure"
    if window.low_ns - low_play <= t <= window.high_ns + high_play:
        return "maybe"
    between = case.anchor.t <= t < window.low_ns or window.high_ns < t <= case.anchor.t
    return "early" if between and window.look != "both" else None


def _is_loose(case: Case, match: Match, ended: Match | None, *, doubtful: bool) -> bool:
    """Whether the lag leaves open on which side of the anchor or of the end a match lies."""
    beside = doubtful and case.window.look != "both"
    return beside or (ended is not None and _near(match, ended, lagged=True))


def _near(match: Match, other: Match, *, lagged: bool) -> bool:
    return lagged and abs(match.t - other.t) <= match.lag + other.lag and match.n != other.n


def _is_on_side(case: Case, match: Match) -> bool:
    if case.window.look == "both":
        return True
    if case.window.look == "on":
        return _is_after(case.anchor, match)
    return _is_before(case.anchor, match)


def _time(case: Case, match: Match) -> int:
    """An event that comes after the anchor by number is not before it in time, and the other way
    round: kernel stamps may say so by microseconds."""
    if case.anchor.n is None:
        return match.t
    return max(match.t, case.anchor.t) if match.n > case.anchor.n else min(match.t, case.anchor.t)


def _is_after(anchor: Moment, match: Match) -> bool:
    return match.t >= anchor.t if anchor.n is None else match.n > anchor.n


def _is_before(anchor: Moment, match: Match) -> bool:
    return match.t <= anchor.t if anchor.n is None else match.n < anchor.n
