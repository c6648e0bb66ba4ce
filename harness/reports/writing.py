"""Putting a finished report where it was asked for."""

from __future__ import annotations

from pathlib import Path

from harness.errors import RigFault


def write_report(path: Path, text: str) -> None:
    """Write the whole file. Raises RigFault that names the path and the reason."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise RigFault(f"cannot write the report {path}: {error.strerror or error}") from error
