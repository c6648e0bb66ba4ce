"""Patterns watched while a run goes on: events in, matches out.

Sans-IO: whether one event matches one plain pattern is asked of a function that is handed in;
this file counts (``nth``), pairs (sequences) and gathers members (a group means every member).
What it finds agrees with :mod:`harness.checks.matches`, which looks at a finished run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from harness.checks.directory import Directory
from harness.checks.matching import NOTHING, CompiledPattern, compile_pattern
from harness.scenario.membership import is_group
from harness.scenario.model import Either, Pattern, Scenario, Sequence, Single
from harness.trace.events import AnyEvent

Caught = Mapping[str, str]
"""Texts of named groups, and under the name of a host group the member bound."""

Match = Callable[[Single, AnyEvent, Caught], Caught | None]
"""Whether an event matches: what was caught before and by this event, or None."""


def live_match(scenario: Scenario, directory: Directory) -> Match:
    """How a running lab asks: patterns are compiled once, names are read from ``directory``."""
    compiled: dict[int, tuple[Single, CompiledPattern]] = {}

    def match(pattern: Single, event: AnyEvent, caught: Caught) -> Caught | None:
        known = compiled.get(id(pattern))
        if known is None:
            # The pattern is kept beside its compiled form, so that its id stays its own.
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
    """Follows one pattern, from the first event it is fed. ``given`` was caught before."""

    def __init__(self, pattern: Pattern, match: Match, given: Caught = NOTHING) -> None:
        self._pattern = pattern
        self._match = match
        self._given = given
        self._counts: dict[frozenset[tuple[str, str]], int] = {}
        self._parts = _parts(pattern, match, given)
        self._chains = [_Chains() for _ in self._parts]

    def feed(self, event: AnyEvent) -> list[Hit]:
        """The hits that this event makes, usually none or one."""
        match self._pattern:
            case Single():
                return self._single(self._pattern, event)
            case Either():
                return self._either(self._pattern, event)
            case Sequence():
                return self._sequence(self._pattern, event)

    def _single(self, pattern: Single, event: AnyEvent) -> list[Hit]:
        caught = self._match(pattern, event, self._given)
        if caught is None or not self._counted(caught, pattern.nth):
            return []
        return [Hit(event.t + pattern.plus_ns, event.n, caught)]

    def _counted(self, caught: Caught, nth: int | None) -> bool:
        """Count apart for each member and each caught text; whether this one is the ``nth``."""
        if nth is None:
            return True
        key = frozenset(caught.items())
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] == nth

    def _either(self, pattern: Either, event: AnyEvent) -> list[Hit]:
        # Every part sees every event, because each counts its own ``nth``.
        hits = [hit for part in self._parts for hit in part.feed(event)]
        if not hits or not self._counted(hits[0].caught, pattern.nth):
            return []
        return [Hit(hits[0].at_ns + pattern.plus_ns, event.n, hits[0].caught)]

    def _sequence(self, pattern: Sequence, event: AnyEvent) -> list[Hit]:
        """Each hit of a part waits for the next part's next one; what they caught must agree."""
        done: list[Hit] = []
        # Backwards, so that one event never serves as two links of a chain.
        for index in reversed(range(len(pattern.patterns))):
            hits = self._parts[index].feed(event)
            if index > 0:
                hits = self._links(pattern.patterns[index], hits, self._chains[index], event)
            if index + 1 == len(pattern.patterns):
                done = hits
            else:
                self._chains[index + 1].wait(hits)
        return done[:1]

    def _links(self, part: Pattern, hits: list[Hit], chains: _Chains, event: AnyEvent) -> list[Hit]:
        if _is_plain(part):
            return chains.join(lambda earlier: self._met(part, event, earlier.caught))
        return chains.join(lambda earlier: _agreeing(hits, earlier))

    def _met(self, part: Pattern, event: AnyEvent, caught: Caught) -> Hit | None:
        """A part without ``nth`` may read what the earlier parts caught."""
        if isinstance(part, Single):
            found = self._match(part, event, caught)
            return None if found is None else Hit(event.t + part.plus_ns, event.n, found)
        plus_ns = part.plus_ns if isinstance(part, Either) else 0
        hits = (self._met(inner, event, caught) for inner in part.patterns)
        hit = next((hit for hit in hits if hit is not None), None)
        return None if hit is None else Hit(hit.at_ns + plus_ns, hit.event, hit.caught)


class _Chains:
    """Beginnings of a sequence that wait for their next link.

    Of those that caught the same only one is kept: the same event completes them all.
    """

    def __init__(self) -> None:
        self._waiting: dict[frozenset[tuple[str, str]], Hit] = {}

    def wait(self, hits: list[Hit]) -> None:
        for hit in hits:
            self._waiting.setdefault(frozenset(hit.caught.items()), hit)

    def join(self, link: Callable[[Hit], Hit | None]) -> list[Hit]:
        """The chains grown by their next link; the others go on waiting."""
        joined: list[Hit] = []
        for key, earlier in list(self._waiting.items()):
            hit = link(earlier)
            if hit is not None:
                del self._waiting[key]
                joined.append(Hit(hit.at_ns, hit.event, {**earlier.caught, **hit.caught}))
        return joined


def _parts(pattern: Pattern, match: Match, given: Caught) -> list[Watch]:
    if isinstance(pattern, Single):
        return []
    return [Watch(each, match, given) for each in pattern.patterns]


def _is_plain(pattern: Pattern) -> bool:
    """Whether each event can be judged by itself."""
    if isinstance(pattern, Single):
        return pattern.nth is None
    if isinstance(pattern, Either):
        return pattern.nth is None and all(_is_plain(part) for part in pattern.patterns)
    return False


def _agreeing(hits: list[Hit], earlier: Hit) -> Hit | None:
    def agrees(hit: Hit) -> bool:
        return all(earlier.caught.get(key, text) == text for key, text in hit.caught.items())

    return next((hit for hit in hits if agrees(hit)), None)


class Rendezvous:
    """The one instant of a pattern: its first hit; of a pattern that names groups, the moment
    when every member has had one.

    What it catches then binds no member of such a group: all of them are meant.
    """

    def __init__(self, watch: Watch, groups: Mapping[str, tuple[str, ...]]) -> None:
        self._watch = watch
        self._groups = tuple(groups)
        self._missing = set(product(*groups.values()))

    def feed(self, event: AnyEvent) -> Hit | None:
        """The hit that completes it; at most once."""
        if not self._missing:
            return None
        for hit in self._watch.feed(event):
            bound = [hit.caught.get(name) for name in self._groups]
            self._missing -= {each for each in self._missing if _includes(bound, each)}
            if not self._missing:
                caught = {key: hit.caught[key] for key in hit.caught if key not in self._groups}
                return Hit(hit.at_ns, hit.event, caught)
        return None


def _includes(bound: list[str | None], names: tuple[str, ...]) -> bool:
    return all(one is None or one == name for one, name in zip(bound, names, strict=True))


def rendezvous(
    pattern: Pattern, scenario: Scenario, match: Match, given: Caught = NOTHING
) -> Rendezvous:
    """What waits for the instant of a pattern. A group that ``given`` binds is that member."""
    names = dict.fromkeys(_groups(pattern, scenario))
    groups = {name: scenario.hosts[name].members for name in names if name not in given}
    return Rendezvous(Watch(pattern, match, given), groups)


def _groups(pattern: Pattern, scenario: Scenario) -> list[str]:
    """The groups whose members a pattern binds, in its ends or in its text."""
    if not isinstance(pattern, Single):
        return [name for part in pattern.patterns for name in _groups(part, scenario)]
    words = compile_pattern(pattern, scenario).host_words
    return [word.key for word in words if is_group(word.key, scenario.hosts)]
