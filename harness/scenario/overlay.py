"""Mutants: a piece of a scenario laid over the file, or a changed copy of a program.

Works on nodes; the mutated tree is read and checked like any other file.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Final

from harness.scenario.document import Items, Node, Problems, Table, Text

LAID_OVER: Final = ("hosts", "links", "timeline")
MUTANT_KEYS: Final = (*LAID_OVER, "edit", "breaks")
MAX_PROGRAM_BYTES: Final = 4 << 20
_EDIT_FORM: Final = "edit: {program.py: [old text, new text]}"
_ARROW: Final = re.compile(r"\s*(<->|->)\s*")


def mutated(root: Table, mutant: Table, problems: Problems) -> Table:
    """The file with the mutant's pieces laid over it, and without its own mutants.

    Mappings merge, key by key; everything else is replaced.
    """
    for key, _ in mutant.entries:
        if key.value not in MUTANT_KEYS:
            accepted = f"one of {', '.join(MUTANT_KEYS)}"
            problems.add(key.place, "a mutant has no such key", key.value, accepted, MUTANT_KEYS)
    if not any(key.value in (*LAID_OVER, "edit") for key, _ in mutant.entries):
        accepted = "hosts, links, timeline or edit"
        problems.add(mutant.place, "this mutant changes nothing", accepted=accepted)
    piece = tuple(entry for entry in mutant.entries if entry[0].value in LAID_OVER)
    bare = Table(tuple(e for e in root.entries if e[0].value != "mutants"), root.place)
    return merged(bare, Table(piece, mutant.place))


def merged(below: Table, above: Table) -> Table:
    """One mapping laid over another; flows match however their blanks are set."""
    over = {_same(key): (key, value) for key, value in above.entries}
    entries: list[tuple[Text, Node]] = []
    for key, value in below.entries:
        found = over.pop(_same(key), None)
        entries.append((key, value) if found is None else (found[0], _laid(value, found[1])))
    entries += over.values()
    return Table(tuple(entries), below.place)


def _laid(below: Node, above: Node) -> Node:
    if isinstance(below, Table) and isinstance(above, Table):
        return merged(below, above)
    return above


def _same(key: Text) -> str:
    return _ARROW.sub(r" \1 ", key.value.strip())


def breaks(mutant: Table, names: Collection[str], problems: Problems) -> tuple[str, ...]:
    """The checks that must fail, as the mutant names them; each must be one of ``names``."""
    node = mutant.get("breaks")
    if not isinstance(node, Items) or not node.items:
        place = mutant.place if node is None else node.place
        accepted = "breaks: [a check, …], at least one"
        problems.add(place, "a mutant names the checks that it breaks", accepted=accepted)
        return ()
    found: list[str] = []
    for item in node.items:
        name = item.value if isinstance(item, Text) else ""
        if name in found:
            problems.add(item.place, "the same check twice", name, "each check once")
        elif name in names:
            found.append(name)
        else:
            accepted = f"one of {', '.join(names)}"
            problems.add(item.place, "breaks names no check", name, accepted, names)
    return tuple(found)


def edits(mutant: Table, folder: Path, problems: Problems) -> dict[str, str]:
    """The programs that a mutant changes: absolute path to the whole changed text.

    ``old`` must stand exactly once in a file inside ``folder``, the scenario's own.
    """
    node = mutant.get("edit")
    if node is None:
        return {}
    if not isinstance(node, Table) or not node.entries:
        problems.add(node.place, "edit is a mapping of programs", accepted=_EDIT_FORM)
        return {}
    changed: dict[str, str] = {}
    for key, pair in node.entries:
        path = _inside(key, folder, problems)
        text = None if path is None else _program(key, path, problems)
        new = None if text is None else _edited(key, pair, text, problems)
        if path is not None and new is not None:
            changed[str(path)] = new
    return changed


def _inside(key: Text, folder: Path, problems: Problems) -> Path | None:
    base = folder.absolute()
    relative = PurePosixPath(key.value)
    path = base / relative
    within = path.resolve().is_relative_to(base.resolve())
    if not key.value or relative.is_absolute() or ".." in relative.parts or not within:
        accepted = "a file in the scenario's folder"
        problems.add(key.place, "edit reaches outside the folder", key.value, accepted)
        return None
    return path


def _program(key: Text, path: Path, problems: Problems) -> str | None:
    if not path.is_file():
        near = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        accepted = "a file in the scenario's folder"
        problems.add(key.place, "there is no such program", key.value, accepted, near)
        return None
    try:
        if path.stat().st_size > MAX_PROGRAM_BYTES:
            limit = f"at most {MAX_PROGRAM_BYTES} bytes"
            problems.add(key.place, "the program is too large to edit", key.value, limit)
            return None
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the program cannot be read as text ({type(error).__name__})"
        problems.add(key.place, message, key.value, "a readable file in UTF-8")
        return None


def _edited(key: Text, pair: Node, text: str, problems: Problems) -> str | None:
    parts = pair.items if isinstance(pair, Items) else ()
    if len(parts) != 2 or not all(isinstance(part, Text) for part in parts):
        problems.add(pair.place, "an edit is old text and new text", accepted=_EDIT_FORM)
        return None
    old, new = (part.value for part in parts if isinstance(part, Text))
    count = text.count(old) if old else 0
    if count != 1:
        message = f"the old text stands {count} times in {key.value}"
        problems.add(parts[0].place, message, old, "text that stands there exactly once")
        return None
    if old == new:
        problems.add(parts[1].place, "the edit changes nothing", new, "another text")
        return None
    return _sound(key, parts[1], text.replace(old, new), problems)


def _sound(key: Text, new: Node, text: str, problems: Problems) -> str | None:
    """The edited program, if it can run at all: what is no Python breaks every check."""
    if not key.value.endswith(".py"):
        return text
    try:
        compile(text, key.value, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        message = f"the edited program is no Python: {error}"
        problems.add(new.place, message, new.value if isinstance(new, Text) else "", "valid Python")
        return None
    return text
