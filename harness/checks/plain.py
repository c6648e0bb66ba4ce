"""Plain checks on a finite trace: each anchor is settled by itself, then the check.

Owns ``expect`` and ``never`` with everything that bounds them. Where matches lie is for
``lagged``, measures are for ``measures``, putting members and parts together is for ``judge``.
"""

from __future__ import annotations

from dataclasses import replace

from harness.checks.findings import Finding, finding_of, finding_of_windows
from harness.checks.host_words import Binding
from harness.checks.instants import ZERO, Moment, moments
from harness.checks.lagged import Case
from harness.checks.matches import Finder, Matches
from harness.checks.sentences import seconds
from harness.checks.settling import Settled, enough, settle
from harness.checks.verdict import Outcome
from harness.checks.windows import Window, around, during_windows, whole_run
from harness.scenario.model import Plain
from harness.units import Range


def judge_plain(plain: Plain, finder: Finder, binding: Binding) -> Finding:
    """Judge one ``expect`` or ``never`` for one choice of members."""
    if plain.ids is None and plain.anchor is None:
        return _judge_run(plain, finder, binding)
    settled = [
        _settled(plain, finder, binding, anchor, around(anchor, plain.within, finder.index))
        for anchor in _anchors(plain, finder, binding)
    ]
    return finding_of(plain, settled)


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
        return _ended_too_soon(late[0], finder)
    return finding_of_windows(
        [_settled(plain, finder, binding, ZERO, window) for window in windows]
    )


def _ended_too_soon(window: Window, finder: Finder) -> Finding:
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


def _settled(
    plain: Plain, finder: Finder, binding: Binding, anchor: Moment, window: Window
) -> Settled:
    return settle(plain, _case(plain, finder, {**binding, **anchor.binding}, anchor, window))


def _case(plain: Plain, finder: Finder, binding: Binding, anchor: Moment, window: Window) -> Case:
    matches = _matches(plain, finder, binding)
    unless = finder.find(plain.unless, binding) if plain.unless else None
    return Case(anchor, window, matches, unless, finder.index.worst_lag, enough(plain))


def _matches(plain: Plain, finder: Finder, binding: Binding) -> Matches:
    if plain.pattern is None:
        return Matches([])
    found = finder.find(plain.pattern, binding)
    outside = plain.outside_ids
    if outside is None:
        return found
    return Matches(match for match in found if not _is_number_in(match.binding.get("id"), outside))


def _is_number_in(text: str | None, numbers: Range) -> bool:
    digits = text is not None and text.isascii() and text.isdigit()
    return digits and int(text or "") in numbers
