"""One plain pattern over a whole run, fast: which events to try, and what was found before.

Owns only speed and order. The same pattern is asked for each member and each caught text, so
events are pooled by where they happened and found again by the words in their text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from harness.checks.event_index import EventIndex
from harness.checks.host_words import Binding
from harness.checks.matching import Place, compile_pattern
from harness.scenario.model import Single
from harness.trace.events import AnyEvent

_TOKEN: Final = re.compile(r"\w+")
Values = tuple[str | None, ...]
TextOf = Callable[[AnyEvent], str]


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event in a place where the pattern looks, with what the place binds."""

    place: Place
    bound: Binding
    event: AnyEvent


class _Pool:
    """The events that are in the right place for one choice of members, in order of number."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: entry.event.n)
        self._by_token: dict[str, list[_Entry]] | None = None
        self._all_text: str | None = None
        self._starts: list[int] = []

    def containing(self, text: str, text_of: TextOf) -> Iterator[_Entry]:
        """The entries whose text contains this one. All texts are searched as one; now and then
        that finds an entry too many."""
        if self._all_text is None:
            texts = [f"{text_of(entry.event)}\0" for entry in self.entries]
            self._all_text = "".join(texts)
            self._starts = [0, *accumulate(map(len, texts))]
        found = self._all_text.find(text)
        while 0 <= found < self._starts[-1]:
            position = bisect_right(self._starts, found)
            yield self.entries[position - 1]
            found = self._all_text.find(text, self._starts[position])

    def holding(self, alternatives: Sequence[str], text_of: TextOf) -> list[_Entry] | None:
        """The entries whose text may hold one of these texts as a whole word; None where words
        cannot tell."""
        if not all(map(_TOKEN.search, alternatives)):
            return None
        if self._by_token is None:
            self._by_token = self._sorted_by_token(text_of)
        rarest = [self._rarest(text, self._by_token) for text in alternatives]
        if len(rarest) == 1:
            return rarest[0]
        by_number = {entry.event.n: entry for entries in rarest for entry in entries}
        return [by_number[number] for number in sorted(by_number)]

    def _sorted_by_token(self, text_of: TextOf) -> dict[str, list[_Entry]]:
        table: dict[str, list[_Entry]] = {}
        for entry in self.entries:
            for token in set(_TOKEN.findall(text_of(entry.event))):
                table.setdefault(token, []).append(entry)
        return table

    def _rarest(self, text: str, table: dict[str, list[_Entry]]) -> list[_Entry]:
        return min((table.get(token, []) for token in _TOKEN.findall(text)), key=len)


@dataclass(frozen=True, slots=True)
class _Row:
    """One event that matches, with every way in which it does."""

    event: AnyEvent
    ways: tuple[Binding, ...]


class SingleFinder:
    """Finds one plain pattern under any binding. ``keys`` are those of a binding that matter."""

    def __init__(self, pattern: Single, index: EventIndex) -> None:
        self._compiled = compile_pattern(pattern, index.scenario)
        self._index = index
        said = self._compiled.wording
        self._base_keys = tuple(sorted(self._compiled.keys))
        self._catches = tuple(sorted(self._compiled.catches))
        self._certain = said.certain if said is not None else ()
        self.keys = (*self._base_keys, *self._catches)
        self._pools: dict[tuple[tuple[str, ...], Values], _Pool] = {}
        self._rows: dict[Values, list[_Row]] = {}
        self._by_catch: dict[tuple[Values, tuple[str, ...]], dict[Values, list[Match]]] = {}

    def find(self, binding: Binding) -> list[Match]:
        """The matches under a binding, before ``nth`` and ``last`` choose among them."""
        base = tuple(binding.get(key) for key in self._base_keys)
        bound = tuple(key for key in self._catches if key in binding)
        table = self._by_catch.get((base, bound))
        if table is None:
            table = self._by_catch[base, bound] = self._table(base, bound)
        values = tuple(binding[key] for key in bound)
        found = table.get(values, [])
        said = self._compiled.wording
        if not bound or said is None or not said.roams:
            return found
        known = _known(self._base_keys, base)
        caught = {key: binding[key] for key in bound}
        missed = self._missed(known, caught, {match.n for match in found})
        return sorted([*found, *missed], key=lambda match: match.n)

    def _missed(self, known: Binding, caught: Binding, seen: set[int]) -> Iterator[Match]:
        """Matches in whose text a group caught something else first, and may catch what is bound
        as well."""
        plus_ns, directory = self._compiled.pattern.plus_ns, self._index.directory
        for entry in self._holding(max(caught.values(), key=len), known):
            event = entry.event
            if event.n in seen:
                continue
            bound = {**known, **caught, **entry.bound}
            way = next(self._compiled.refine(entry.place, event, directory, bound), None)
            if way is not None:
                seen.add(event.n)
                yield Match(event, way, event.t + plus_ns)

    def _holding(self, text: str, known: Binding) -> Iterator[_Entry]:
        """The candidates that hold a text, be it in a word."""
        pool, candidates = self._pool(known), self._candidates(known)
        if candidates is pool.entries:
            return pool.containing(text, self._text)
        return (entry for entry in candidates if text in self._text(entry.event))

    def _table(self, base: Values, bound: tuple[str, ...]) -> dict[Values, list[Match]]:
        """Matches by what the ``bound`` groups catch."""
        table: dict[Values, list[Match]] = {}
        plus_ns = self._compiled.pattern.plus_ns
        for row in self._scanned(base):
            seen: set[Values] = set()
            for way in row.ways:
                values = tuple(way.get(key) for key in bound)
                if values not in seen:
                    seen.add(values)
                    match = Match(row.event, way, row.event.t + plus_ns)
                    table.setdefault(values, []).append(match)
        return table

    def _scanned(self, base: Values) -> list[_Row]:
        rows = self._rows.get(base)
        if rows is None:
            rows = self._rows[base] = list(self._scan(_known(self._base_keys, base)))
        return rows

    def _scan(self, known: Binding) -> Iterator[_Row]:
        refine, directory = self._compiled.refine, self._index.directory
        last = 0
        for entry in self._candidates(known):
            if entry.event.n == last:
                continue
            bound = {**known, **entry.bound}
            ways = tuple(refine(entry.place, entry.event, directory, bound))
            if ways:
                last = entry.event.n
                yield _Row(entry.event, ways)

    def _candidates(self, known: Binding) -> Sequence[_Entry]:
        """The events worth trying: those whose text holds what the pattern's names stand for."""
        pool = self._pool(known)
        said = self._compiled.wording
        best: Sequence[_Entry] = pool.entries
        for name in self._certain if said is not None else ():
            texts = said.literals(name, self._index.directory, known) if said else None
            found = None if texts is None else pool.holding(texts, self._text)
            if found is not None and len(found) < len(best):
                best = found
        return best

    def _text(self, event: AnyEvent) -> str:
        return self._compiled.text(event, self._index.directory)

    def _pool(self, known: Binding) -> _Pool:
        keys = self._compiled.keys_of_places(known)
        values = tuple(known.get(key) for key in keys)
        pool = self._pools.get((keys, values))
        if pool is None:
            pool = self._pools[keys, values] = _Pool(self._entries(_known(keys, values)))
        return pool

    def _entries(self, known: Binding) -> Iterator[_Entry]:
        for place in self._compiled.places:
            for spot, events in self._index.spots(self._compiled.event).items():
                bound = place.bind(spot, known)
                if bound is not None:
                    yield from (_Entry(place, bound, event) for event in events)


def _known(keys: Sequence[str], values: Values) -> Binding:
    return {key: value for key, value in zip(keys, values, strict=True) if value is not None}
