"""Where measures meet the patterns: matches as sightings, with what their groups caught.

Owns only that translation; matching itself is in ``matching`` and ``matches``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from harness.checks.host_words import Binding
from harness.checks.matches import Finder, Match
from harness.checks.matching import compile_pattern
from harness.checks.shares import Sighting
from harness.errors import Place
from harness.scenario.model import Flows, Kind, Pattern, Single
from harness.trace.events import Sent

_NOWHERE: Final = Place("", 1, 1)


def datagram_test(flows: Flows, finder: Finder, binding: Binding) -> Callable[[Sent], bool]:
    """A test of whether a datagram was sent on one of these flows."""
    index = finder.index
    pattern = compile_pattern(Single(Kind.SENT, _NOWHERE, flows=flows), index.scenario)
    return lambda event: pattern.match(event, index, binding) is not None


def sightings(pattern: Pattern, finder: Finder, binding: Binding) -> list[Sighting]:
    """Every match of a pattern up to E."""
    return [_sighting(match) for match in finder.find(pattern, binding)]


def spans(
    start: Pattern, to: Pattern, finder: Finder, binding: Binding
) -> Iterable[tuple[Sighting, Sighting | None]]:
    """Each match of ``start`` with the next match of ``to`` that binds and catches the same."""
    for match in finder.find(start, binding):
        found = finder.find(to, {**binding, **match.binding}).after(match.n)
        yield _sighting(match), None if found is None else _sighting(found)


def _sighting(match: Match) -> Sighting:
    # Keys that begin with @ bind members of groups; they are no caught text.
    caught = tuple((key, text) for key, text in match.binding.items() if not key.startswith("@"))
    return Sighting(match.n, match.t, match.lag, caught)
