"""What is agreed in a contract: one frozen value for each kind, as written.

A contract is short for plain checks; :mod:`harness.scenario.contracts` spells them out, and
:mod:`harness.scenario.agreements` reads the terms from a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.scenario.model import Flows, HostRef, Pattern
from harness.units import Range

Promise = Literal["exactly once", "at least once", "at most once"]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Who falls silent expires on time. Ranges are nanoseconds."""

    beat: Flows
    expires: Range
    expired: Pattern
    says: str | None = None
    every: Range | None = None
    returns: Range | None = None
    returned: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Timeout:
    """Tries again after each wait, then gives up. ``waits`` has a range for each try, in
    nanoseconds, ``slack_ns`` already put in where one value was written."""

    try_: Pattern
    waits: tuple[Range, ...]
    slack_ns: int = 100_000_000
    answered: Pattern | None = None
    gave_up: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is offered is taken as promised. Either ``offered`` or ``ids`` is set; ``takes`` is
    nanoseconds from offered to taken."""

    taken: Pattern
    promise: Promise
    offered: Pattern | None = None
    ids: Range | None = None
    in_order: bool = False
    takes: Range | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """The host never ends by itself and never prints a crash."""

    host: HostRef


Terms = Heartbeat | Timeout | Delivery | Alive
