"""Patterns against events: compiled once, then asked of one event at a time.

``compile_pattern`` serves a running lab and a judge alike: what a pattern may know is the event,
the directory of what was learned so far, and the binding. Position (``nth``, ``last``), ``plus``,
``either`` and sequences concern several events and are for :mod:`harness.checks.matches`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from harness.checks.directory import Directory
from harness.checks.event_index import EventIndex
from harness.checks.host_words import NOTHING, Binding, HostWord
from harness.checks.wording import Wording
from harness.errors import RigFault
from harness.scenario.model import FLOW_KINDS, End, Flow, HostRef, Kind, Scenario, Single
from harness.trace.events import (
    AnyEvent,
    Corrupted,
    DatagramEvent,
    Delivered,
    Dropped,
    Duplicated,
    Exited,
    Icmp,
    Output,
    Ready,
    Sent,
    Started,
)
from harness.units import Range

__all__ = ["NOTHING", "Binding", "CompiledPattern", "Directory", "EventIndex", "compile_pattern"]

EVENT_OF_KIND: Final[dict[Kind, type]] = {
    Kind.SENT: Sent,
    Kind.DELIVERED: Delivered,
    Kind.DROPPED: Dropped,
    Kind.DUPLICATED: Duplicated,
    Kind.CORRUPTED: Corrupted,
    Kind.ICMP: Icmp,
    Kind.OUTPUT: Output,
    Kind.STARTED: Started,
    Kind.READY: Ready,
    Kind.EXIT: Exited,
    Kind.ENDED: Exited,
}
DATAGRAM_EVENTS: Final = (Sent, Delivered, Dropped, Duplicated, Corrupted, Icmp)
_ENDED_BY: Final = {Kind.EXIT: ("",), Kind.ENDED: ("", "step")}


class _EndOfFlow:
    """One end of a flow: hosts or a literal address, and a port where one is named."""

    __slots__ = ("address", "port", "word")

    def __init__(self, end: End, scenario: Scenario) -> None:
        self.address = end.address
        self.port = end.port
        self.word = None if end.address else HostWord(end.host, scenario)

    def bind(self, name: str, binding: Binding) -> Binding | None:
        if self.word is None:
            return binding if name == self.address else None
        return self.word.bind(name, binding)


class _Path:
    """One direction of a flow."""

    __slots__ = ("source", "target")

    def __init__(self, source: _EndOfFlow, target: _EndOfFlow) -> None:
        self.source = source
        self.target = target

    def bind(self, spot: tuple[str, str], binding: Binding) -> Binding | None:
        found = self.source.bind(spot[0], binding)
        return None if found is None else self.target.bind(spot[1], found)

    def fits_ports(self, event: DatagramEvent) -> bool:
        return self.source.port in (None, event.sport) and self.target.port in (None, event.dport)


class _Program:
    """The host of an event that is no datagram."""

    __slots__ = ("word",)

    def __init__(self, ref: HostRef, scenario: Scenario) -> None:
        self.word = HostWord(ref, scenario)

    def bind(self, spot: tuple[str, str], binding: Binding) -> Binding | None:
        return self.word.bind(spot[0], binding)


Place = _Path | _Program


class CompiledPattern:
    """A pattern over one kind of event, for one scenario.

    ``event`` is the event's class. ``host_words`` are the words for hosts in its ends and in its
    text; ``catches`` its named groups; ``reads`` the texts caught earlier that it asks for,
    ``keys`` everything else in a binding on which the answer depends.
    """

    def __init__(self, pattern: Single, scenario: Scenario) -> None:
        self.pattern = pattern
        self.event = EVENT_OF_KIND[pattern.kind]
        self.places = tuple(_places(pattern, scenario))
        self.wording = None if pattern.says is None else Wording(pattern.says, scenario)
        said = self.wording
        self._in_places = tuple(_words(self.places))
        self.host_words = (*self._in_places, *(said.hosts if said else ()))
        self.catches: frozenset[str] = said.catches if said else frozenset()
        self.reads: frozenset[str] = said.reads if said else frozenset()
        self.keys = self.reads.union(*(word.reads for word in self.host_words))
        self.needs_details = self._has_details()

    def match(
        self, event: AnyEvent, directory: Directory | EventIndex, binding: Binding = NOTHING
    ) -> Binding | None:
        """The binding grown by what the event binds and catches; None where it does not match.

        Does not look at ``nth``, ``last`` and ``plus``.
        """
        if type(event) is not self.event:
            return None
        learned = directory.directory if isinstance(directory, EventIndex) else directory
        spot = _spot(event)
        for place in self.places:
            bound = place.bind(spot, binding)
            found = None if bound is None else next(self.refine(place, event, learned, bound), None)
            if found is not None:
                return found
        return None

    def keys_of_places(self, binding: Binding) -> tuple[str, ...]:
        """The keys of a binding on which it depends what places are looked at."""
        keys: set[str] = set()
        for word in self._in_places:
            keys.update([word.key] if word.key in binding else word.reads)
        return tuple(sorted(keys))

    def refine(
        self, place: Place, event: AnyEvent, directory: Directory, binding: Binding
    ) -> Iterator[Binding]:
        """The rest of ``match`` for an event whose place is bound: every way to match, in the
        order of the text."""
        if not self.needs_details:
            yield binding
            return
        if isinstance(place, _Path) and not place.fits_ports(event):  # type: ignore[arg-type]
            return
        if not self._fits_plainly(event) or not self._fits_payload(event, directory):
            return
        if self.wording is None:
            yield binding
        else:
            yield from self._catch(self.wording, event, directory, binding)

    def text(self, event: AnyEvent, directory: Directory) -> str:
        """What ``says`` looks at: the line, or the payload."""
        return event.line if isinstance(event, Output) else directory.text(event)

    def _has_details(self) -> bool:
        pattern = self.pattern
        ported = any(
            isinstance(place, _Path) and (place.source.port, place.target.port) != (None, None)
            for place in self.places
        )
        refined = (pattern.says, pattern.hex, pattern.size, pattern.reason, pattern.code)
        told = any(word is not None for word in (*refined, pattern.stream))
        return ported or told or pattern.kind in _ENDED_BY

    def _fits_plainly(self, event: AnyEvent) -> bool:
        pattern = self.pattern
        if isinstance(event, Dropped):
            return pattern.reason in (None, event.reason)
        if isinstance(event, Icmp):
            return pattern.code in (None, event.code)
        if isinstance(event, Output):
            return pattern.stream in (None, event.stream)
        if isinstance(event, Exited):
            wanted = pattern.code
            coded = not isinstance(wanted, Range) or event.code in wanted
            return coded and event.by in _ENDED_BY[pattern.kind]
        return True

    def _fits_payload(self, event: AnyEvent, directory: Directory) -> bool:
        size, begins = self.pattern.size, self.pattern.hex
        if size is None and begins is None:
            return True
        payload = directory.payload(event)
        if size is not None and len(payload) not in size:
            return False
        return begins is None or _begins(payload, begins)

    def _catch(
        self, said: Wording, event: AnyEvent, directory: Directory, binding: Binding
    ) -> Iterator[Binding]:
        text = self.text(event, directory)
        viewer = event.host if isinstance(event, Output) else event.source  # type: ignore[union-attr]
        for bound in _members_tried(said.hosts, binding):
            if not said.keys:
                if said.stands_in(text, viewer, event.n, directory, bound):
                    yield bound
                continue
            regex = said.regex(viewer, event.n, directory, bound)
            if regex is None:
                continue
            ways = list(_caught(regex, text, bound, said.keys))
            tied = None if ways else said.tied(viewer, event.n, directory, bound)
            yield from ways if tied is None else _caught(tied, text, bound, said.keys)


def compile_pattern(pattern: Single, scenario: Scenario) -> CompiledPattern:
    """Make a pattern ready for one scenario."""
    return CompiledPattern(pattern, scenario)


def _places(pattern: Single, scenario: Scenario) -> Iterator[_Path | _Program]:
    if pattern.kind not in FLOW_KINDS:
        if pattern.host is None:
            raise RigFault(f"{pattern.place}: a pattern of kind {pattern.kind} lacks its host")
        yield _Program(pattern.host, scenario)
    for flow in pattern.flows:
        yield from _paths(flow, scenario)


def _paths(flow: Flow, scenario: Scenario) -> Iterator[_Path]:
    source, target = _EndOfFlow(flow.source, scenario), _EndOfFlow(flow.target, scenario)
    yield _Path(source, target)
    if flow.both:
        yield _Path(target, source)


def _words(places: Sequence[_Path | _Program]) -> Iterator[HostWord]:
    for place in places:
        if isinstance(place, _Program):
            yield place.word
            continue
        yield from (end.word for end in (place.source, place.target) if end.word is not None)


def _spot(event: AnyEvent) -> tuple[str, str]:
    if isinstance(event, DATAGRAM_EVENTS):
        return event.source, event.target
    return event.host, ""  # type: ignore[union-attr]


def _begins(payload: bytes, begins: Sequence[int | None]) -> bool:
    if len(payload) < len(begins):
        return False
    return all(want is None or have == want for have, want in zip(payload, begins, strict=False))


def _members_tried(words: Sequence[HostWord], binding: Binding) -> Iterator[Binding]:
    """The binding, with every choice of members for the groups that only the text names."""
    missing = {word.key: word for word in words if word.key and word.key not in binding}
    if not missing:
        yield binding
        return
    for names in product(*(sorted(word.members or ()) for word in missing.values())):
        bound: Binding | None = binding
        for word, name in zip(missing.values(), names, strict=True):
            bound = word.bind(name, bound) if bound is not None else None
        if bound is not None:
            yield bound


def _caught(
    regex: re.Pattern[str], text: str, binding: Binding, keys: Mapping[str, str]
) -> Iterator[Binding]:
    """What the named groups catch; one that is already bound must catch the same text again."""
    for found in regex.finditer(text):
        groups = {key: found[name] for name, key in keys.items()}
        if all(binding.get(key, word) == word for key, word in groups.items()):
            caught = {key: word for key, word in groups.items() if word is not None}
            yield {**binding, **caught}
