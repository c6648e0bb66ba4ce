"""The verdicts as JSON for machines. ``format`` is the version of this shape.

Keys are those of :mod:`harness.checks.verdict`; times are integer nanoseconds, places are
``{file, line, column}``.
"""

from __future__ import annotations

import dataclasses
import json
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
        standard_output.write(_for(standard_output, text))
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


def _for(stream: TextIO, text: str) -> str:
    """The text with escapes for what the stream's encoding lacks."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), indent=1) + "\n"
    return text


def _encoded(document: object) -> str:
    try:
        encoded = msgspec.json.encode(document, enc_hook=_odd)
    except UnicodeEncodeError:  # a path that is no UTF-8, kept as surrogates
        encoded = msgspec.json.encode(_mended(document), enc_hook=_odd)
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def _mended(value: object) -> object:
    """The same document with lone surrogates spelt out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(each) for each in value]
    if isinstance(value, msgspec.Struct):
        return _mended(msgspec.structs.asdict(value))
    return value


def _odd(value: object) -> object:
    if isinstance(value, Fraction):
        return float(value)
    raise NotImplementedError(type(value).__name__)
