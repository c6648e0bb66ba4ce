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
from harness.trace.events import Ended
from harness.trace.ladder import ladder

MARK = ".udp-harness-run"
KEPT = 8
"""How many commands' bundles stay; older ones make room when a new command begins."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The folder of this command."""

    folder: Path

    @classmethod
    def open(cls, root: Path, began: str, *, latest: bool = True) -> Outbox:
        """Make this command's folder below ``root``; ``latest`` points there from now on.

        Raises UsageFault if that cannot be.
        """
        name = began.replace(":", "").replace("-", "").removesuffix("Z") + f"-{os.getpid()}"
        folder = root / name
        try:
            folder.mkdir(parents=True)
            (folder / MARK).touch()
            (root / ".gitignore").write_text("*\n", encoding="utf-8")
            _make_room(root)
            if latest:
                _point_latest(root, name)
        except OSError as error:
            reason = f"cannot write bundles to {root}: {error.strerror}"
            raise UsageFault(f"{reason}; name another folder with --out DIR") from error
        return cls(folder)

    def ladder(self, bundle: str, evidence: Sequence[int], deciding: int) -> list[str]:
        """The ladder around a moment of a run, around its end where there is no evidence; empty
        when its trace cannot be read."""
        try:
            trace = Bundle.open(Path(bundle)).trace()
        except HarnessError:
            return []
        if evidence or deciding:
            return ladder(trace, evidence, deciding)
        return ladder(trace, [e.n for e in trace.events if isinstance(e, Ended)][-1:], around=12)


def _make_room(root: Path) -> None:
    runs = sorted(path.parent for path in root.glob(f"*/{MARK}"))
    for old in runs[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _point_latest(root: Path, name: str) -> None:
    link = root / "latest"
    if link.is_symlink():
        link.unlink(missing_ok=True)
    with contextlib.suppress(FileExistsError):  # a file of the user's: leave it
        link.symlink_to(name)
