"""Whether the programs that a scenario names are there.

Only what can be known without running anything: a Python file named after ``python``. Others are
found, or not, when they are started.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import Problem
from harness.scenario.model import Host, Scenario


def missing_programs(variants: Iterable[Scenario]) -> list[Problem]:
    """A mistake for each Python file that is not there, those of mutants included."""
    found: dict[Problem, None] = {}
    for variant in variants:
        for scenario in (variant, *(mutant.scenario for mutant in variant.mutants)):
            for host in scenario.hosts.values():
                found.update(dict.fromkeys(_missing(host)))
    return list(found)


def _missing(host: Host) -> Iterator[Problem]:
    name = _script(host)
    if name and not (Path(host.cwd) / name).is_file():
        message = "there is no such program"
        yield Problem(host.place, message, name, f"a file in {host.cwd}")


def _script(host: Host) -> str:
    """The Python file in ``python file.py …``; empty where it cannot be told."""
    words = host.run
    plain = len(words) > 1 and words[0] == "python" and words[1].endswith(".py")
    return words[1] if plain and "$(" not in words[1] else ""
