"""The contract of a lab: given a plan and a log, run the programs and write down what happens.

A lab judges nothing and prints nothing. It raises CapabilityMissing or RigFault before anything
has started; later trouble goes into the log as a Note, so that what was seen is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from harness.link.fate import Fates
from harness.scenario.model import Scenario
from harness.trace.log import Log


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing the scenario asks for that the lab cannot do here, and what would."""

    where: str  # file:line:column
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One run to carry out.

    ``folder`` is an existing empty directory of the run's own for files the lab needs.
    ``edits`` maps a program's absolute path to the changed text that a mutant runs instead.
    ``fates`` replays: for each direction (``alice>server``) the fates by position, times relative
    to the moment of sending.
    """

    scenario: Scenario
    seed: int
    folder: str
    edits: Mapping[str, str] = field(default_factory=dict)
    fates: Mapping[str, tuple[Fates, ...]] | None = None
    mutant: str = ""


class Lab(Protocol):
    """What carries out plans."""

    @property
    def name(self) -> str:
        """The word after ``--lab``."""
        ...

    def refusals(self, scenario: Scenario) -> tuple[Refusal, ...]:
        """Everything in the scenario that this lab cannot honour on this machine."""
        ...

    def blind(self, scenario: Scenario) -> Mapping[str, str]:
        """What this lab cannot see here: a pattern kind (``corrupted``) or kind and reason
        (``dropped:fragment``), with why. Checks that need it are skipped with that reason."""
        ...

    def run(self, plan: Plan, log: Log, interrupted: Callable[[], bool]) -> None:
        """Carry out the plan; return when every program is gone and the log is closed.

        ``interrupted`` turns true when the user wants an end: the lab then ends within two
        seconds, leaves no process, and closes the log with ``end: interrupted``.
        """
        ...
