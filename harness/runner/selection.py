"""Which files are meant by the paths on a command line.

A folder stands for every scenario file below it; a file named outright is always taken. A
scenario file is recognised by a line ``scenario:`` in its first 4 KiB, so foreign YAML is never
parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import UsageFault

HEAD_BYTES = 4096
BUNDLE_MARK = "run.json"  # stands in every bundle; named here lest a foreign project import more
SUFFIXES = (".yaml", ".yml")
_MARK = re.compile(rb"^(?:\xef\xbb\xbf)?scenario[ \t]*:", re.MULTILINE)


def looks_like_scenario(path: Path) -> bool:
    """Whether the head of the file has a top-level ``scenario:`` key, and it is nobody's record.

    A bundle keeps the scenario that it ran; run again is the original.
    """
    if (path.parent / BUNDLE_MARK).exists():
        return False
    try:
        with path.open("rb") as file:
            return _MARK.search(file.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def scenario_files(paths: Iterable[str]) -> tuple[Path, ...]:
    """Every scenario file that the paths mean, each once, in the order given.

    Raises UsageFault for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found.update(dict.fromkeys(_below(path)))
        elif path.exists():
            found[path] = None
        else:
            raise UsageFault(f"{text}: there is no such file or folder")
    return tuple(found)


def _below(folder: Path) -> list[Path]:
    inside = (path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    visible = (path for path in inside if not _hidden(path.relative_to(folder)))
    return sorted(path for path in visible if path.is_file() and looks_like_scenario(path))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in path.parts)


def keeps(expression: str, words: Sequence[str]) -> bool:
    """Whether ``-k`` keeps a scenario whose claim, path and tags are ``words``.

    Words joined by ``and``, ``or`` and ``not`` (in that order of strength: not, and, or), each
    looked for anywhere, whatever the case.
    """
    text = "\n".join(words).casefold()
    return any(_all_of(part, text) for part in re.split(r"\s+or\s+", expression.strip()))


def _all_of(part: str, text: str) -> bool:
    for term in re.split(r"\s+and\s+", part.strip()):
        match = re.fullmatch(r"(not\s+)?(?!not$)(\S.*)", term.strip())
        if match is None:
            raise UsageFault("-k: a word is missing; accepted: words joined by and, or, not")
        negated, word = match.groups()
        if (word.casefold() in text) == bool(negated):
            return False
    return True
