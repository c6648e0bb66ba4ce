"""The words that only read: ``lint``, ``explain``, ``schema``, ``new``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer

from harness.cli.run import load_files, settings_map
from harness.errors import UsageFault
from harness.scenario.model import Scenario


def lint_files(paths: Sequence[str], settings: Sequence[str]) -> int:
    """Say what is wrong, or that nothing is; checks that no mutant breaks are named."""
    from harness.scenario.rules import unbroken

    files = load_files(paths, settings_map(settings), lambda _: True)
    if not files:
        typer.echo(f"harness: {', '.join(paths)}: no scenario file there", err=True)
        return 5
    loose = 0
    for variants in files:
        for name in unbroken(variants[0]):
            loose += 1
            place = next(check.place for check in variants[0].checks if check.name == name)
            typer.echo(f"{place}: note: no mutant breaks the check {name!r}")
    count = len(files)
    notes = f", {loose} check{'s' * (loose != 1)} that no mutant breaks" if loose else ""
    typer.echo(f"{count} file{'s' * (count != 1)} without mistakes{notes}")
    return 0


def explain_file(path: str, settings: Sequence[str]) -> int:
    """Print what a scenario means."""
    from harness.reports.explain import explained

    if Path(path).is_dir():
        raise UsageFault(f"{path}: is a folder; name one scenario file")
    if not Path(path).is_file():
        raise UsageFault(f"{path}: there is no such file")
    (variants,) = load_files([path], settings_map(settings), lambda _: True)
    for line in explained(variants, _expansion):
        typer.echo(line)
    return 0


def _expansion(scenario: Scenario) -> list[tuple[str, list[str]]]:
    from harness.scenario.notation import show_plain

    return [(check.name, [show_plain(part) for part in check.parts]) for check in scenario.checks]


def print_schema() -> int:
    """Print the JSON Schema."""
    from harness.scenario.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def write_new(name: str) -> int:
    """Write the files of a first scenario into a new folder."""
    from harness.scenario.template import new_scenario

    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageFault(f"{name}: is there already and not empty; nothing was written")
    files = new_scenario(folder.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageFault(f"{name}: cannot write there: {error.strerror}") from error
    for file in files:
        typer.echo(f"wrote {folder / file}")
    typer.echo(f"run it:  harness run {shlex.quote(str(folder))} --prove")
    return 0
