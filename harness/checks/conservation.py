"""The account of every datagram: what was sent has exactly one end for each of its copies.

Owns what counts as a breach of that account. A breach is the rig's doing, never a program's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.trace.events import (
    Closed,
    Corrupted,
    Delivered,
    Dropped,
    Duplicated,
    Ended,
    FateEvent,
    Sent,
    Trace,
)
from harness.units import format_duration

WAIT_FOR_FATES_NS: Final = 5_000_000_000
"""How long after E a lab waits for the fates of what was sent by then (language, section 11)."""
_EARLY_NS: Final = 500_000_000
"""A lab whose wait began when it noticed E may close this much before E plus the wait."""
_MOST_REPORTED: Final = 10


def datagram_faults(trace: Trace) -> list[tuple[int, str]]:
    """Every breach, as the number of the event concerned and a sentence. At most ten, and one
    that counts the others: a broken account of a long run would bury everything else."""
    faults = [*_bad_fates(trace), *_without_end(trace)]
    if len(faults) > _MOST_REPORTED:
        more = len(faults) - _MOST_REPORTED
        faults = [*faults[:_MOST_REPORTED], (0, f"{more} more datagrams without a good account")]
    return faults


def name_of(event: Sent | FateEvent) -> str:
    """A datagram as reports call it: ``alice->server #17``."""
    return f"{event.source}->{event.target} #{event.k}"


def _bad_fates(trace: Trace) -> Iterator[tuple[int, str]]:
    sent: dict[int, Sent] = {}
    copies: set[tuple[int, int]] = set()
    ended: dict[tuple[int, int], FateEvent] = {}
    later = {event.n for event in trace.events if isinstance(event, Sent)}
    for event in trace.events:
        if isinstance(event, Sent):
            sent[event.n] = event
            copies.add((event.n, 0))
        elif isinstance(event, Delivered | Dropped | Duplicated | Corrupted):
            origin = sent.get(event.of)
            if origin is None:
                yield event.n, _orphan(event, before=event.of in later)
            elif problem := _mismatch(origin, event) or _recount(event, copies, ended):
                yield event.n, problem


def _orphan(event: FateEvent, *, before: bool) -> str:
    if before:
        return f"{name_of(event)} has its fate (#{event.n}) before it was sent (#{event.of})"
    return f"{name_of(event)} (#{event.n}) tells of a datagram that was never sent (#{event.of})"


def _mismatch(origin: Sent, event: FateEvent) -> str:
    if name_of(origin) != name_of(event):
        return f"the fate #{event.n} of {name_of(event)} points to {name_of(origin)} (#{origin.n})"
    if event.t < origin.t:
        early = format_duration(origin.t - event.t)
        return f"{name_of(event)} has its fate (#{event.n}) {early} before it was sent"
    return ""


def _recount(
    event: FateEvent,
    copies: set[tuple[int, int]],
    ended: dict[tuple[int, int], FateEvent],
) -> str:
    """Note a copy or the end of one; a sentence where the account does not add up."""
    copy = (event.of, event.copy)
    if isinstance(event, Duplicated):
        twice = copy in copies
        copies.add(copy)
        return f"copy {event.copy} of {name_of(event)} was made twice" if twice else ""
    if copy not in copies:
        return f"copy {event.copy} of {name_of(event)} has a fate (#{event.n}) and was never made"
    if isinstance(event, Corrupted):
        return ""
    first = ended.setdefault(copy, event)
    if first is event:
        return ""
    return f"copy {event.copy} of {name_of(event)} has two ends, #{first.n} and #{event.n}"


def _without_end(trace: Trace) -> Iterator[tuple[int, str]]:
    """What is still without an end although the lab waited less than it must."""
    end = next((e for e in reversed(trace.events) if isinstance(e, Ended)), None)
    closed = next((e for e in reversed(trace.events) if isinstance(e, Closed)), None)
    if end is None or closed is None or end.why not in ("until", "deadline"):
        return
    waited = closed.t - end.t
    if waited >= WAIT_FOR_FATES_NS - _EARLY_NS:
        return
    for origin in open_copies(trace, end.n):
        yield (
            origin.n,
            (
                f"{name_of(origin)} (#{origin.n}) has no fate, and the lab closed "
                f"{format_duration(waited)} after the end without waiting for it"
            ),
        )


def open_copies(trace: Trace, last: int) -> Iterator[Sent]:
    """The datagrams sent by event number ``last`` of which some copy has no end in the trace."""
    made: dict[int, int] = {}
    origins: dict[int, Sent] = {}
    for event in trace.events:
        if isinstance(event, Sent) and event.n <= last:
            origins[event.n] = event
            made[event.n] = 1
        elif isinstance(event, Duplicated) and event.of in made:
            made[event.of] += 1
        elif isinstance(event, Delivered | Dropped) and event.of in made:
            made[event.of] -= 1
    return (origins[n] for n, without_end in made.items() if without_end > 0)
