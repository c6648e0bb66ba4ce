"""The tree of errors, sorted by whose fault it is.

::

    HarnessError
    ├── UsageFault          the command line asks for something that does not exist
    ├── ScenarioFault       the scenario file is wrong; carries every Problem found
    ├── ProgramFault        a program under test could not be started or was not ready
    ├── RigFault            the machine or the lab failed; the verdict is ``error``
    │   └── TraceFault      a saved trace or bundle cannot be read
    └── CapabilityMissing   the lab cannot honour the scenario here; the verdict is ``skipped``

Any other exception that leaves the package is a bug of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file; ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a scenario.

    ``found`` is the offending text, ``accepted`` says what would be valid, ``nearest`` is the
    valid word closest to what was written, if one is close.
    """

    place: Place
    message: str
    found: str = ""
    accepted: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        if self.found:
            text += f", found {self.found!r}"
        if self.accepted:
            text += f"; accepted: {self.accepted}"
        if self.nearest:
            text += f" (did you mean {self.nearest!r}?)"
        return text


class HarnessError(Exception):
    """The root of what the package raises on purpose."""


class UsageFault(HarnessError):
    """The command line names something that does not exist or does not combine."""


class ScenarioFault(HarnessError):
    """A scenario file cannot be used; ``problems`` lists every mistake, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ProgramFault(HarnessError):
    """A program under test could not be started, or was not ready in time.

    ``host`` names it; the message says what was attempted and what happened.
    """

    def __init__(self, host: str, message: str) -> None:
        self.host = host
        super().__init__(f"{host}: {message}")


class RigFault(HarnessError):
    """The machine or the lab could not do its part; says what was attempted."""


class TraceFault(RigFault):
    """A saved trace or bundle cannot be read; says file, line and what was found."""


class CapabilityMissing(HarnessError):
    """This lab, here, cannot honour the scenario; ``remedy`` says what would."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{reason}; {remedy}")
