"""From settled anchors to the verdict of one plain check for one choice of members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from harness.checks.sentences import numbered
from harness.checks.settling import MOST_EVIDENCE, Settled, Status
from harness.checks.verdict import Outcome
from harness.scenario.model import Plain


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


def finding_of(plain: Plain, settled: Sequence[Settled]) -> Finding:
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
    evidence = tuple(n for anchor in settled[:MOST_EVIDENCE] for n in anchor.evidence)
    return Finding(Outcome.FAILED, f"nothing to judge: {reason}", evidence)


def finding_of_windows(settled: Sequence[Settled]) -> Finding:
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
