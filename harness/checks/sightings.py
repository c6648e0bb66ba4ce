"""Where measures meet the patterns: matches as sightings, with what their groups caught.

Owns only that translation; matching itself is in ``matching`` and ``matches``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from harness.checks.event_index import EventIndex
from harness.checks.host_words import Binding, is_member_group
from harness.checks.matches import Finder, Match
from harness.checks.shares import Sighting
from harness.errors import Place
from harness.scenario.model import Flows, Kind, Pattern, Scenario, Single
from harness.trace.events import Sent

_NOWHERE: Final = Place("", 1, 1)


def sent_on(flows: Flows, index: EventIndex, binding: Binding) -> list[Sent]:
    """The datagrams sent by E on these flows, in order."""
    pattern = Single(Kind.SENT, _NOWHERE, flows=flows)
    found = (match.event for match in Finder(index).find(pattern, binding))
    return [event for event in found if isinstance(event, Sent)]


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
