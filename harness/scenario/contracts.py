"""Contracts spelled out: each is exact sugar over plain checks, and this file is the sugar.

The expansions are those of section 9 of the language, line by line. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from harness.errors import Place
from harness.scenario.contract_terms import Alive, Delivery, Heartbeat, Terms, Timeout
from harness.scenario.model import (
    Anchor,
    AtPattern,
    During,
    Either,
    Flow,
    Flows,
    HostRef,
    Kind,
    Measure,
    Pattern,
    Plain,
    Sequence,
    Single,
)
from harness.units import Range

CRASH: Final = r"Exception in (thread|callback)|panicked at|Sanitizer:"
"""What a crash prints without ending the program: Python threads and callbacks, Rust, C."""

AT_LEAST_ONE: Final = Range(1, None)
EXACTLY_ONE: Final = Range(1, 1)
AT_MOST_ONE: Final = Range(None, 1)
_PROMISED: Final = {
    "exactly once": EXACTLY_ONE,
    "at least once": AT_LEAST_ONE,
    "at most once": AT_MOST_ONE,
}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Makes plain checks that stand where the contract stands."""

    place: Place
    text: str
    during: During | None = None

    def expect(self, pattern: Pattern, **words: object) -> Plain:
        return self._plain("expect", pattern, words)

    def never(self, pattern: Pattern, **words: object) -> Plain:
        return self._plain("never", pattern, words)

    def _plain(self, kind: str, pattern: Pattern, words: dict[str, object]) -> Plain:
        for word in ("each", "whenever"):
            anchor = words.pop(word, None)
            if anchor is not None:
                words["anchor"] = Anchor(word, AtPattern(anchor))  # type: ignore[arg-type]
        return Plain(
            kind=kind,  # type: ignore[arg-type]
            place=self.place,
            text=self.text,
            pattern=pattern,
            during=self.during,
            **words,  # type: ignore[arg-type]
        )


def expand(
    terms: Terms,
    *,
    count: Range | None,
    place: Place,
    text: str,
    during: During | None = None,
) -> tuple[Plain, ...]:
    """The plain checks that a contract is short for. ``count`` bounds its key event."""
    writer = _Writer(place, text, during)
    match terms:
        case Heartbeat():
            return tuple(_heartbeat(terms, count, writer))
        case Timeout():
            return tuple(_timeout(terms, count, writer))
        case Delivery():
            return tuple(_delivery(terms, writer))
        case Alive():
            return tuple(_alive(terms, writer))


def _on(kind: Kind, flows: Flows, place: Place, says: str | None = None) -> Single:
    return Single(kind, place, flows=flows, says=says)


def _ended(hosts: tuple[HostRef, ...], place: Place) -> Pattern:
    parts = tuple(Single(Kind.ENDED, place, host=host) for host in dict.fromkeys(hosts))
    return parts[0] if len(parts) == 1 else Either(parts, place)


def _ends(flows: Flows, *, targets: bool) -> tuple[HostRef, ...]:
    ends = [flow.target if targets else flow.source for flow in _one_way(flows)]
    return tuple(end.host for end in ends if not end.address)


def _one_way(flows: Flows) -> Iterator[Flow]:
    for flow in flows:
        yield flow
        if flow.both:
            yield Flow(flow.target, flow.source)


def _heartbeat(terms: Heartbeat, count: Range | None, write: _Writer) -> Iterator[Plain]:
    place = write.place
    arrived = _on(Kind.DELIVERED, terms.beat, place, terms.says)
    sent = _on(Kind.SENT, terms.beat, place, terms.says)
    listener_ended = _ended(_ends(terms.beat, targets=True), place)
    expired = terms.expired
    again_or_over = Either((arrived, listener_ended), place)
    yield write.expect(expired, whenever=arrived, within=terms.expires, unless=again_or_over)
    yield write.expect(expired, count=count or AT_LEAST_ONE)
    yield write.never(expired, whenever=expired, unless=arrived)
    if terms.every is not None:
        sender_ended = _ended(_ends(terms.beat, targets=False), place)
        yield write.expect(sent, whenever=sent, within=terms.every, unless=sender_ended)
    if terms.returned is not None:
        back = Sequence((expired, arrived), place)
        yield write.expect(
            terms.returned, whenever=back, within=terms.returns, unless=listener_ended
        )


def _nth(pattern: Pattern, nth: int) -> Pattern:
    """The pattern's ``nth`` match; of a sequence, that of its last part."""
    if isinstance(pattern, Sequence):
        return Sequence((*pattern.patterns[:-1], _nth(pattern.patterns[-1], nth)), pattern.place)
    return replace(pattern, nth=nth)


def _timeout(terms: Timeout, count: Range | None, write: _Writer) -> Iterator[Plain]:
    place, tries = write.place, len(terms.waits)
    for number, wait in enumerate(terms.waits[:-1], start=1):
        following = _nth(terms.try_, number + 1)
        this = _nth(terms.try_, number)
        yield write.expect(following, whenever=this, within=wait, unless=terms.answered)
    first, last = _nth(terms.try_, 1), _nth(terms.try_, tries)
    if terms.gave_up is not None:
        yield write.expect(
            terms.gave_up, whenever=last, within=terms.waits[-1], unless=terms.answered
        )
    yield write.expect(first)
    yield write.never(_nth(terms.try_, tries + 1))
    if terms.answered is not None:
        yield write.never(terms.try_, whenever=Sequence((first, terms.answered), place))
    if terms.gave_up is not None:
        given_up = Sequence((first, terms.gave_up), place)
        yield write.expect(given_up, count=count or AT_LEAST_ONE)


def _delivery(terms: Delivery, write: _Writer) -> Iterator[Plain]:
    count = _PROMISED[terms.promise]
    taken = terms.taken
    if terms.offered is not None:
        yield write.expect(taken, each=terms.offered, count=count)
        if terms.takes is not None:
            yield write.expect(taken, each=terms.offered, within=terms.takes)
        yield write.expect(terms.offered, whenever=taken, within=Range(None, 0))
    else:
        yield write.expect(taken, ids=terms.ids, count=count)
        if terms.takes is not None:
            yield write.expect(taken, ids=terms.ids, within=terms.takes)
        yield replace(write.never(taken), outside_ids=terms.ids)
    if terms.in_order:
        measure = Measure("reordering", pattern=taken)
        yield Plain(
            "measure", write.place, write.text,
            measure=measure, bounds=Range(0, 0), during=write.during,
        )  # fmt: skip


def _alive(terms: Alive, write: _Writer) -> Iterator[Plain]:
    place = write.place
    yield write.never(Single(Kind.EXIT, place, host=terms.host))
    crash = Single(Kind.OUTPUT, place, host=terms.host, stream="stderr", says=CRASH)
    yield write.never(crash)
