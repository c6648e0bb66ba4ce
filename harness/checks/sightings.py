"""Where measures meet the patterns: matches as sightings, with what their groups caught.

Owns only that translation; matching itself is in ``matching`` and ``matches``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.checks.matching import Binding, EventIndex, compile_pattern
from harness.checks.shares import Sighting
from harness.errors import Place
from harness.scenario.model import Flows, Kind, Pattern, Scenario, Single
from harness.trace.events import AnyEvent, Sent


def datagram_test(
    flows: Flows, scenario: Scenario, index: EventIndex, binding: Mapping[str, str]
) -> Callable[[Sent], bool]:
    """A test of whether a datagram was sent on one of these flows."""
    pattern = compile_pattern(Single(Kind.SENT, Place("", 1, 1), flows=flows), scenario)
    return lambda event: pattern.match(event, index, binding) is not None


def sighting(event: AnyEvent, bound: Binding) -> Sighting:
    """What is kept of a match. Keys that begin with ``@`` bind members and catch nothing."""
    caught = tuple((name, text) for name, text in bound.items() if not name.startswith("@"))
    return Sighting(event.n, event.t, event.lag, caught)
