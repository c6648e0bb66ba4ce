"""Where measures meet the patterns: matches as sightings, with what their groups caught.

Owns only that translation; matching itself is in ``matching`` and ``matches``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from harness.checks.host_words import Binding, is_member_group
from harness.checks.matches import Finder, Match
from harness.checks.matching import compile_pattern
from harness.checks.shares import Sighting
from harness.errors import Place
from harness.scenario.model import Flows, Kind, Pattern, Scenario, Single
from harness.trace.events import Sent

_NOWHERE: Final = Place("", 1, 1)


def datagram_test(flows: Flows, finder: Finder, binding: Binding) -> Callable[[Sent], bool]:
    """A test of whether a datagram was sent on one of these flows."""
    index = finder.index
    pattern = compile_pattern(Single(Kind.SENT, _NOWHERE, flows=flows), index.scenario)
    return lambda event: pattern.match(event, index, binding) is not None


def sightings(pattern: Pattern, finder: Finder, binding: Binding) -> list[Sighting]:
    """Every match of a pattern up to E."""
    scenario = finder.index.scenario
    return [_sighting(match, scenario) for match in finder.find(pattern, binding)]


def spans(
    start: Pattern, to: Pattern, finder: Finder, binding: Binding
) -> Iterator[tuple[Sighting, Sighting | None]]:
    """Each match of ``start`` with the next match of ``to`` that binds and catches the same."""
    scenario = finder.index.scenario
    for match in finder.find(start, binding):
        found = finder.find(to, {**binding, **match.binding}).after(match.n)
        yield _sighting(match, scenario), None if found is None else _sighting(found, scenario)


def _sighting(match: Match, scenario: Scenario) -> Sighting:
    return Sighting(match.n, match.t, match.lag, tuple(_caught(match.binding, scenario)))


def _caught(binding: Binding, scenario: Scenario) -> Iterator[tuple[str, str]]:
    """The texts in a binding; the rest of it are members that stand for their groups."""
    for key, text in binding.items():
        if key.startswith("?"):
            yield key[1:], text  # a named group that is called like a group of hosts
        elif not key.startswith("other ") and not is_member_group(key, scenario):
            yield key, text
