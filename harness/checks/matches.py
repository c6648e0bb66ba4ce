"""All matches of a pattern in a whole run: ``nth``, ``last``, ``plus``, ``either``, sequences.

A :class:`Finder` answers from the trace up to E and remembers its answers, because a check asks
the same pattern for each anchor and each member. What windows and anchors make of the matches is
for the judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from harness.checks.event_index import EventIndex
from harness.checks.host_words import NOTHING, Binding
from harness.checks.scan import Match, Matches, SingleFinder, Values
from harness.scenario import model
from harness.scenario.model import Either, Pattern, Single

__all__ = ["Finder", "Match", "Matches"]

LAST: Final = -1


class Finder:
    """Finds the matches of any pattern in one run, up to E."""

    def __init__(self, index: EventIndex) -> None:
        self.index = index
        self._singles: dict[int, tuple[Single, SingleFinder]] = {}
        self._keys: dict[int, tuple[str, ...]] = {}
        self._found: dict[tuple[int, Values], Matches] = {}
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

    def _single(self, pattern: Single) -> SingleFinder:
        known = self._singles.get(id(pattern))
        if known is None:
            # The pattern is kept with its finder, so that its id stays its own.
            known = self._singles[id(pattern)] = (pattern, SingleFinder(pattern, self.index))
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
