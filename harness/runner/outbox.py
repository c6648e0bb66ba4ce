"""Where a command leaves its bundles: one folder a command, the newest few kept.

Only folders that carry our mark are ever removed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, UsageFault
from harness.trace.bundle import Bundle
from harness.trace.ladder import ladder

MARK = ".udp-harness-run"
KEPT = 8
"""How many commands' bundles stay; older ones make room when a new command begins."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The folder of this command."""

    folder: Path

    @classmethod
    def open(cls, root: Path, began: str) -> Outbox:
        """Make this command's folder below ``root``. Raises UsageFault if that cannot be."""
        name = began.replace(":", "").replace("-", "").removesuffix("Z") + f"-{os.getpid()}"
        folder = root / name
        try:
            folder.mkdir(parents=True)
            (folder / MARK).touch()
            (root / ".gitignore").write_text("*\n", encoding="utf-8")
            _make_room(root)
            _point_latest(root, name)
        except OSError as error:
            raise UsageFault(f"--out {root}: cannot write there: {error.strerror}") from error
        return cls(folder)

    def ladder(self, bundle: str, evidence: Sequence[int], deciding: int) -> list[str]:
        """The ladder around a moment of a run; empty when its trace cannot be read."""
        try:
            return ladder(Bundle.open(Path(bundle)).trace(), evidence, deciding)
        except HarnessError:
            return []


def _make_room(root: Path) -> None:
    runs = sorted(path.parent for path in root.glob(f"*/{MARK}"))
    for old in runs[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _point_latest(root: Path, name: str) -> None:
    link = root / "latest"
    if link.is_symlink():
        link.unlink()
    with contextlib.suppress(FileExistsError):  # a file of the user's: leave it
        link.symlink_to(name)
