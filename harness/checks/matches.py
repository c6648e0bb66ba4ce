"""All matches of a pattern in a whole run: ``nth``, ``last``, ``plus``, ``either``, sequences.

A :class:`Finder` answers from the trace up to E and remembers its answers, because a check asks
the same pattern for each anchor and each member. What windows and anchors make of the matches is
for the judges.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from harness.checks.event_index import EventIndex, Spot
from harness.checks.host_words import NOTHING, Binding
from harness.checks.matching import CompiledPattern, compile_pattern
from harness.scenario import model
from harness.scenario.model import Either, Pattern, Single
from harness.trace.events import AnyEvent

LAST: Final = -1
_TOKEN: Final = re.compile(r"\w+")
_Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """One match: the event that completes it, what is bound then, and its instant (``plus``
    included)."""

    event: AnyEvent
    binding: Binding
    t: int

    @property
    def n(self) -> int:
        return self.event.n

    @property
    def lag(self) -> int:
        return self.event.lag


class Matches(Sequence[Match]):
    """Matches in order of event number."""

    __slots__ = ("_floor", "_found", "_numbers", "_reached")

    def __init__(self, found: Iterable[Match]) -> None:
        self._found = list(found)
        self._numbers = [match.n for match in self._found]
        self._reached: list[int] | None = None
        self._floor: list[int] | None = None

    def __getitem__(self, position):  # type: ignore[no-untyped-def]
        return self._found[position]

    def __len__(self) -> int:
        return len(self._found)

    def position_after(self, n: int) -> int:
        """Where the matches by events later than number ``n`` begin."""
        return bisect_right(self._numbers, n)

    def after(self, n: int) -> Match | None:
        """The first match by an event later than number ``n``."""
        position = self.position_after(n)
        return self._found[position] if position < len(self._found) else None

    def within(self, low_ns: int, high_ns: int) -> range:
        """The positions outside which no match has its time in ``low_ns .. high_ns``; times run
        only roughly with the numbers."""
        if self._reached is None or self._floor is None:
            times = [match.t for match in self._found]
            self._reached = list(accumulate(times, max))
            self._floor = list(accumulate(reversed(times), min))[::-1]
        return range(bisect_left(self._reached, low_ns), bisect_right(self._floor, high_ns))


@dataclass(slots=True)
class _Row:
    """One event that matches, with every way in which it does."""

    event: AnyEvent
    ways: tuple[Binding, ...]


class _SingleFinder:
    """Finds one plain pattern. Rows are scanned once for what does not depend on its groups."""

    def __init__(self, pattern: Single, index: EventIndex) -> None:
        self.compiled: CompiledPattern = compile_pattern(pattern, index.scenario)
        self._index = index
        keys = {key for word in self.compiled.host_words for key in word.reads}
        self._base_keys = tuple(sorted(keys | self.compiled.reads))
        self._catches = tuple(sorted(self.compiled.catches))
        self.keys = (*self._base_keys, *self._catches)
        self._rows: dict[_Values, list[_Row]] = {}
        self._by_catch: dict[tuple[_Values, tuple[str, ...]], dict[_Values, list[Match]]] = {}
        self._tokens: dict[Spot, dict[str, list[AnyEvent]]] = {}

    def find(self, binding: Binding) -> list[Match]:
        """The matches under a binding, before ``nth`` and ``last`` choose among them."""
        base = tuple(binding.get(key) for key in self._base_keys)
        bound = tuple(key for key in self._catches if key in binding)
        table = self._by_catch.get((base, bound))
        if table is None:
            table = self._by_catch[base, bound] = self._table(base, bound)
        return table.get(tuple(binding[key] for key in bound), [])

    def _table(self, base: _Values, bound: tuple[str, ...]) -> dict[_Values, list[Match]]:
        """Matches by what the ``bound`` groups catch."""
        table: dict[_Values, list[Match]] = {}
        plus_ns = self.compiled.pattern.plus_ns
        for row in self._scanned(base):
            seen: set[_Values] = set()
            for way in row.ways:
                values = tuple(way.get(key) for key in bound)
                if values not in seen:
                    seen.add(values)
                    match = Match(row.event, way, row.event.t + plus_ns)
                    table.setdefault(values, []).append(match)
        return table

    def _scanned(self, base: _Values) -> list[_Row]:
        rows = self._rows.get(base)
        if rows is None:
            known = {
                key: value
                for key, value in zip(self._base_keys, base, strict=True)
                if value is not None
            }
            rows = self._rows[base] = sorted(self._scan(known), key=lambda row: row.event.n)
        return rows

    def _scan(self, known: Binding) -> Iterator[_Row]:
        compiled, directory = self.compiled, self._index.directory
        seen: set[int] = set()
        for place in compiled.places:
            for spot, events in self._index.spots(compiled.event).items():
                bound = place.bind(spot, known)
                if bound is None:
                    continue
                for event in self._candidates(spot, events, known):
                    ways = tuple(compiled.refine(place, event, directory, bound))
                    if ways and event.n not in seen:
                        seen.add(event.n)
                        yield _Row(event, ways)

    def _candidates(self, spot: Spot, events: list[AnyEvent], known: Binding) -> Sequence[AnyEvent]:
        """The events whose text holds the caught text that the pattern asks for, where that can
        be told without trying: it stands there as a whole word."""
        said = self.compiled.wording
        if said is None or not said.whole_reads:
            return events
        texts = (known.get(name, "") for name in said.whole_reads)
        tokens = [token for text in texts for token in _TOKEN.findall(text)]
        if not tokens:
            return events
        table = self._tokens.get(spot)
        if table is None:
            table = self._tokens[spot] = self._token_table(events)
        return min((table.get(token, []) for token in tokens), key=len)

    def _token_table(self, events: list[AnyEvent]) -> dict[str, list[AnyEvent]]:
        table: dict[str, list[AnyEvent]] = {}
        for event in events:
            for token in set(_TOKEN.findall(self.compiled.text(event, self._index.directory))):
                table.setdefault(token, []).append(event)
        return table


class Finder:
    """Finds the matches of any pattern in one run, up to E."""

    def __init__(self, index: EventIndex) -> None:
        self.index = index
        self._singles: dict[int, tuple[Single, _SingleFinder]] = {}
        self._keys: dict[int, tuple[str, ...]] = {}
        self._found: dict[tuple[int, _Values], Matches] = {}
        self._alive: list[Pattern] = []

    def find(self, pattern: Pattern, binding: Binding = NOTHING) -> Matches:
        """Every match, in order, with ``nth``, ``last`` and ``plus`` heeded."""
        keys = self._keys_of(pattern)
        asked = (id(pattern), tuple(binding.get(key) for key in keys))
        found = self._found.get(asked)
        if found is None:
            known = {key: binding[key] for key in keys if key in binding}
            found = self._found[asked] = Matches(self._search(pattern, known))
        return found

    def _search(self, pattern: Pattern, binding: Binding) -> Iterable[Match]:
        if isinstance(pattern, Single):
            return _chosen(self._single(pattern).find(binding), pattern.nth)
        if isinstance(pattern, Either):
            return _chosen(self._either(pattern, binding), pattern.nth)
        return self._sequence(pattern, binding)

    def _single(self, pattern: Single) -> _SingleFinder:
        known = self._singles.get(id(pattern))
        if known is None:
            # The pattern is kept with its finder, so that its id stays its own.
            known = self._singles[id(pattern)] = (pattern, _SingleFinder(pattern, self.index))
        return known[1]

    def _either(self, pattern: Either, binding: Binding) -> list[Match]:
        by_number: dict[int, Match] = {}
        for part in pattern.patterns:
            for match in self.find(part, binding):
                by_number.setdefault(match.n, match)
        return [
            Match(match.event, match.binding, match.t + pattern.plus_ns)
            for _, match in sorted(by_number.items())
        ]

    def _sequence(self, pattern: model.Sequence, binding: Binding) -> list[Match]:
        first, *rest = pattern.patterns
        chains: list[Match] = list(self.find(first, binding))
        for part in rest:
            chains = [
                link
                for chain in chains
                for link in self._next(part, {**binding, **chain.binding}, chain)
            ]
        return sorted(chains, key=lambda match: match.n)

    def _next(self, part: Pattern, binding: Binding, chain: Match) -> Iterator[Match]:
        found = self.find(part, binding).after(chain.n)
        if found is not None:
            yield Match(found.event, {**binding, **found.binding}, found.t)

    def _keys_of(self, pattern: Pattern) -> tuple[str, ...]:
        """Every key of a binding on which the matches depend."""
        keys = self._keys.get(id(pattern))
        if keys is None:
            self._alive.append(pattern)
            keys = self._keys[id(pattern)] = tuple(sorted(set(self._gathered(pattern))))
        return keys

    def _gathered(self, pattern: Pattern) -> Iterator[str]:
        if isinstance(pattern, Single):
            yield from self._single(pattern).keys
            return
        for part in pattern.patterns:
            yield from self._gathered(part)


def _chosen(matches: Sequence[Match], nth: int | None) -> Iterable[Match]:
    """Those that ``nth`` or ``last`` means: counted apart for each member and caught text."""
    if nth is None:
        return matches
    groups: dict[frozenset[tuple[str, str]], list[Match]] = {}
    for match in matches:
        groups.setdefault(frozenset(match.binding.items()), []).append(match)
    if nth == LAST:
        chosen = [group[-1] for group in groups.values()]
    else:
        chosen = [group[nth - 1] for group in groups.values() if len(group) >= nth]
    return sorted(chosen, key=lambda match: match.n)
