"""A scenario file to its variants, mutants included; every mistake at once.

::

    text -> tree -> a tree for each variant -> Scenario -> rules
                                            -> laid over by each mutant -> Scenario -> rules
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from harness.errors import Problem, ScenarioFault
from harness.scenario import overlay, rules
from harness.scenario.document import Node, Problems, Table, Text, parse_document, read_text
from harness.scenario.model import Mutant, Scenario
from harness.scenario.reading import Reading
from harness.scenario.scenario_file import Source, scenario
from harness.scenario.variants import plain_value, variants

NO_OVERRIDES: Final[Mapping[str, str]] = MappingProxyType({})
_NO_CONTENT: Final = frozenset({"mutants", "about", "tags"})
"""Keys that do not change what a run does, and so not its digest."""


def load(path: str | Path, overrides: Mapping[str, str] = NO_OVERRIDES) -> tuple[Scenario, ...]:
    """The variants of a file, in the order of its params.

    ``overrides`` fixes params by name, as ``--set`` does. Raises ScenarioFault with every mistake.
    """
    return loads(read_text(Path(path)), str(path), overrides)


def loads(
    text: str, file: str, overrides: Mapping[str, str] = NO_OVERRIDES
) -> tuple[Scenario, ...]:
    """Like :func:`load` for a text; ``file`` names it and places what it refers to."""
    problems = Problems()
    root = parse_document(text, file, problems)
    found: list[Scenario] = []
    if root is not None:
        for label, params, tree in variants(root, overrides, problems):
            source = Source(file, text, label, params, digest(tree))
            found.append(_complete(tree, source, problems))
    if problems.list:
        raise ScenarioFault(problems.list)
    return tuple(found)


def digest(tree: Table) -> str:
    """Identifies what a variant says, whatever its comments, its layout and its path."""
    entries = [
        (key.value, plain_value(node)) for key, node in tree.entries if key.value not in _NO_CONTENT
    ]
    content = json.dumps(entries, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def _complete(tree: Table, source: Source, problems: Problems) -> Scenario:
    base = _checked(tree, source, problems, "")
    node = tree.get("mutants")
    if node is None:
        return base
    names = _check_names(tree)
    reading = Reading(problems, {}, source.folder)
    table = reading.table(node, "mutants")
    entries = table.entries if table is not None else ()
    read = (_mutant(tree, key, piece, names, source, problems) for key, piece in entries)
    return replace(base, mutants=tuple(mutant for mutant in read if mutant is not None))


def _checked(tree: Table, source: Source, problems: Problems, mutant: str) -> Scenario:
    """A scenario that was read and judged. A section that is empty because of what was wrong in
    it is not reported a second time, nor is in a mutant what the file itself has wrong."""
    seen, judged = Problems(), Problems()
    found = scenario(tree, source, seen)
    rules.check(found, judged)
    seen.list += [p for p in judged.list if not seen.list or p.place != found.place]
    for problem in seen.list:
        if problem not in problems.list:
            _keep(problem, problems, mutant)
    return found


def _keep(problem: Problem, problems: Problems, mutant: str) -> None:
    if mutant:
        problem = replace(problem, message=f"in the mutant {mutant!r}: {problem.message}")
    if problem not in problems.list:
        problems.list.append(problem)


def _check_names(tree: Table) -> tuple[str, ...]:
    checks = tree.get("checks")
    return tuple(key.value for key, _ in checks.entries) if isinstance(checks, Table) else ()


def _mutant(
    tree: Table,
    key: Text,
    piece: Node,
    names: tuple[str, ...],
    source: Source,
    problems: Problems,
) -> Mutant | None:
    reading = Reading(problems, {}, source.folder)
    table = reading.table(piece, "mutant")
    if table is None:
        return None
    broken = overlay.breaks(table, names, problems)
    edits = overlay.edits(table, source.folder, problems)
    mutated = overlay.mutated(tree, table, problems)
    inner = _checked(mutated, replace(source, digest=digest(mutated)), problems, key.value)
    return Mutant(key.value, key.place, broken, inner, edits)
