"""Patterns watched while a run goes on: events in, matches out.

Sans-IO: whether one event matches one plain pattern is asked of a function that is handed in;
this file counts (``nth``), pairs (sequences) and gathers members (a group means every member).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.checks.directory import Directory
from harness.checks.matching import CompiledPattern, compile_pattern
from harness.scenario.model import Either, HostRef, Pattern, Scenario, Sequence, Single, Whose
from harness.trace.events import AnyEvent

Caught = Mapping[str, str]
Match = Callable[[Single, AnyEvent, Caught], Caught | None]
"""Whether an event matches: the texts of named groups and the members bound, or None."""


def live_match(scenario: Scenario, directory: Directory) -> Match:
    """How a running lab asks: patterns are compiled once, names are read from ``directory``."""
    compiled: dict[int, tuple[Single, CompiledPattern]] = {}

    def match(pattern: Single, event: AnyEvent, caught: Caught) -> Caught | None:
        known = compiled.get(id(pattern))
        if known is None:
            known = compiled[id(pattern)] = (pattern, compile_pattern(pattern, scenario))
        return known[1].match(event, directory, caught)

    return match


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern was met: when (``plus`` included), by which event, catching what."""

    at_ns: int
    event: int
    caught: Caught


class Watch:
    """Follows one pattern from the start of the run."""

    def __init__(self, pattern: Pattern, match: Match) -> None:
        self._pattern = pattern
        self._match = match
        self._counts: dict[tuple[tuple[str, str], ...], int] = {}
        self._parts = _parts(pattern, match)
        self._pending: list[list[Hit]] = [[] for _ in self._parts]

    def feed(self, event: AnyEvent) -> list[Hit]:
        """The hits that this event makes, usually none or one."""
        if isinstance(self._pattern, Single):
            return self._single(self._pattern, event)
        if isinstance(self._pattern, Either):
            return self._either(self._pattern, event)
        return self._sequence(self._pattern, event)

    def _single(self, pattern: Single, event: AnyEvent) -> list[Hit]:
        caught = self._match(pattern, event, {})
        if caught is None or not self._counted(caught, pattern.nth):
            return []
        return [Hit(event.t + pattern.plus_ns, event.n, caught)]

    def _counted(self, caught: Caught, nth: int | None) -> bool:
        if nth is None:
            return True
        key = tuple(sorted(caught.items()))
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] == nth

    def _either(self, pattern: Either, event: AnyEvent) -> list[Hit]:
        for part in self._parts:
            hits = part.feed(event)
            if hits and self._counted(hits[0].caught, pattern.nth):
                hit = hits[0]
                return [Hit(hit.at_ns + pattern.plus_ns, hit.event, hit.caught)]
        return []

    def _sequence(self, pattern: Sequence, event: AnyEvent) -> list[Hit]:
        """Each hit of a part waits for the next part's next one; what they caught must agree."""
        done: list[Hit] = []
        for index in reversed(range(len(pattern.patterns))):
            for hit in self._next_in_sequence(pattern, index, event):
                if index + 1 == len(pattern.patterns):
                    done.append(hit)
                else:
                    self._pending[index + 1].append(hit)
        return done[:1]

    def _next_in_sequence(self, pattern: Sequence, index: int, event: AnyEvent) -> list[Hit]:
        if index == 0:
            return self._parts[0].feed(event)
        part = pattern.patterns[index]
        hits, waiting = [], []
        for earlier in self._pending[index]:
            caught = self._match_any(part, event, earlier.caught)
            if caught is None:
                waiting.append(earlier)
            else:
                plus_ns = part.plus_ns if isinstance(part, Single | Either) else 0
                hits.append(Hit(event.t + plus_ns, event.n, {**earlier.caught, **caught}))
        self._pending[index] = waiting
        return hits

    def _match_any(self, pattern: Pattern, event: AnyEvent, caught: Caught) -> Caught | None:
        if isinstance(pattern, Single):
            return self._match(pattern, event, caught)
        for part in pattern.patterns:
            found = self._match_any(part, event, caught)
            if found is not None:
                return found
        return None


def _parts(pattern: Pattern, match: Match) -> list[Watch]:
    return [] if isinstance(pattern, Single) else [Watch(each, match) for each in pattern.patterns]


@dataclass(slots=True)
class Rendezvous:
    """The one instant of a pattern: its first hit; of a pattern that names a group, the moment
    when every member has had one."""

    watch: Watch
    groups: Mapping[str, tuple[str, ...]]
    _met: set[tuple[str, ...]] = field(default_factory=set)
    _over: bool = False

    def feed(self, event: AnyEvent) -> Hit | None:
        """The hit that completes it; at most once."""
        if self._over:
            return None
        for hit in self.watch.feed(event):
            self._met.add(tuple(hit.caught.get(name, "") for name in self.groups))
            if len(self._met) == self._needed():
                self._over = True
                return hit
        return None

    def _needed(self) -> int:
        needed = 1
        for members in self.groups.values():
            needed *= len(members)
        return needed


def rendezvous(pattern: Pattern, scenario: Scenario, match: Match) -> Rendezvous:
    """What waits for the instant of a pattern in this scenario."""
    groups = {
        ref.name: scenario.hosts[ref.name].members
        for ref in host_refs(pattern)
        if ref.whose is Whose.EACH and ref.member is None and _is_group(ref, scenario)
    }
    return Rendezvous(Watch(pattern, match), groups)


def _is_group(ref: HostRef, scenario: Scenario) -> bool:
    host = scenario.hosts.get(ref.name)
    return host is not None and host.count is not None


def host_refs(pattern: Pattern) -> list[HostRef]:
    """Every HOST word in a pattern, flow ends included."""
    if not isinstance(pattern, Single):
        return [ref for part in pattern.patterns for ref in host_refs(part)]
    ends = [end for flow in pattern.flows for end in (flow.source, flow.target)]
    refs = [end.host for end in ends if not end.address]
    return refs + ([pattern.host] if pattern.host is not None else [])
