"""A copy of the scenario's folder in which some programs are changed, for mutants.

The whole folder is copied, so that a changed program still finds the modules and data beside it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RigFault

LARGE_BYTES = 4 * 1024 * 1024  # what is larger is no program; a link to it will do
LEFT_OUT = ("__pycache__", ".git", ".venv", "node_modules")


def _copy(source: str, target: str) -> None:
    if Path(source).stat().st_size > LARGE_BYTES:
        Path(target).symlink_to(source)
    else:
        shutil.copy2(source, target)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the programs stand: in the scenario's folder, or in a changed copy of it."""

    root: Path | None = None
    copy: Path | None = None

    def path(self, text: str) -> str:
        """A path as it is in the copy; what does not lie in the folder stays as it is."""
        if self.root is None or self.copy is None or not os.path.isabs(text):  # noqa: PTH117
            return text
        path = Path(os.path.normpath(text))
        return str(self.copy / path.relative_to(self.root)) if self._inside(path) else text

    def words(self, words: Sequence[str]) -> list[str]:
        """The command with every absolute path put into the copy."""
        return [self.path(word) for word in words]

    def _inside(self, path: Path) -> bool:
        return self.root is not None and path.is_relative_to(self.root)


def sources(folder: Path, edits: Mapping[str, str], scratch: Path) -> Sources:
    """The sources to run from; a copy only where there are edits. RigFault if it fails."""
    if not edits:
        return Sources()
    copy = scratch / "edited"
    try:
        ignored = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(folder, copy, ignore=ignored, copy_function=_copy)
        for path, text in edits.items():
            target = copy / Path(path).relative_to(folder)
            target.unlink(missing_ok=True)
            target.write_text(text, encoding="utf-8")
    except (OSError, shutil.Error, ValueError) as error:
        raise RigFault(f"cannot copy {folder} for the mutant's edits: {error}") from error
    return Sources(folder, copy)
