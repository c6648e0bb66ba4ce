"""The verdicts as JSON for machines. ``format`` is the version of this shape.

Keys are those of :mod:`harness.checks.verdict`; times are integer nanoseconds, places are
``{file, line, column}``.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import TextIO

import msgspec

from harness.checks.verdict import RunVerdict, SuiteVerdict
from harness.reports.writing import write_report

FORMAT = 1


def write_json(suite: SuiteVerdict, target: str, standard_output: TextIO) -> None:
    """Write to a file, or to standard output for ``-``. Raises RigFault."""
    text = json_text(suite)
    if target == "-":
        standard_output.write(text)
        standard_output.flush()
    else:
        write_report(Path(target), text)


def json_text(suite: SuiteVerdict) -> str:
    """The whole suite as JSON."""
    document = {
        "format": FORMAT,
        "outcome": suite.outcome.value,
        "exit_code": suite.exit_code,
        **_plain(suite),
    }
    return _encoded(document)


def run_json(run: RunVerdict) -> str:
    """One run's verdict as JSON, as it stands in a bundle."""
    return _encoded({"format": FORMAT, **_plain(run)})


def _plain(value: object) -> dict[str, object]:
    return dataclasses.asdict(value)  # type: ignore[call-overload,no-any-return]


def _encoded(document: object) -> str:
    encoded = msgspec.json.encode(document, enc_hook=_odd)
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def _odd(value: object) -> object:
    if isinstance(value, Fraction):
        return float(value)
    raise NotImplementedError(type(value).__name__)
