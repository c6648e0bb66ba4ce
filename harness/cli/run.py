"""``harness run``: read the files, run the suite, write the reports."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from harness.checks.verdict import SuiteVerdict
from harness.clock import SystemClock, iso_utc
from harness.errors import HarnessError, Problem, RigFault, ScenarioFault, UsageFault
from harness.runner.labs import known
from harness.runner.outbox import Outbox
from harness.runner.seeds import root_seed
from harness.runner.selection import keeps, scenario_files
from harness.runner.suite import Loaded, Options, Suite
from harness.units import Range


@dataclass(frozen=True, slots=True)
class Request:
    """The command line of ``harness run``, as given."""

    paths: tuple[str, ...]
    lab: str
    seed: str
    seeds: int | None
    jobs: int
    keep: str
    prove: bool
    retries: int
    settings: tuple[str, ...]
    out: Path
    junit: Path | None
    json_path: str | None
    github: bool


def settings_map(settings: Sequence[str]) -> dict[str, str]:
    """``--set NAME=VALUE`` as a mapping. Raises UsageFault."""
    pairs = [text.partition("=") for text in settings]
    for text, (name, equals, _) in zip(settings, pairs, strict=True):
        if not equals or not name.strip():
            raise UsageFault(f"--set {text}: accepted: NAME=VALUE, such as --set loss=10%")
    return {name.strip(): value for name, _, value in pairs}


def load_files(
    paths: Sequence[str], settings: Mapping[str, str], wanted: Callable[[Loaded], bool]
) -> list[Loaded]:
    """Every wanted file; raises ScenarioFault with the mistakes of all files together."""
    from harness.scenario.loader import load
    from harness.scenario.presence import missing_programs

    files: list[Loaded] = []
    problems: list[Problem] = []
    for path in scenario_files(paths):
        try:
            files.append(load(path, settings))
            problems += missing_programs(files[-1])
        except ScenarioFault as fault:
            problems += fault.problems
    if problems:
        raise ScenarioFault(problems)
    return [file for file in files if wanted(file)]


def _wanted(expression: str) -> Callable[[Loaded], bool]:
    def wanted(file: Loaded) -> bool:
        first = file[0]
        return not expression or keeps(expression, [first.claim, first.path, *first.tags])

    return wanted


def _with_seeds(file: Loaded, seeds: int | None) -> Loaded:
    if seeds is None:
        return file
    return tuple(replace(variant, seeds=Range(seeds, seeds)) for variant in file)


def run_suite(request: Request) -> int:
    """Carry out ``harness run``; returns its exit code."""
    from harness.reports.console import Console
    from harness.reports.progress import Progress

    known(request.lab)
    seed = root_seed(request.seed)
    settings = settings_map(request.settings)
    files = load_files(request.paths, settings, _wanted(request.keep))
    files = [_with_seeds(file, request.seeds) for file in files]
    if not files:
        return _nothing(request)
    clock = SystemClock()
    outbox = Outbox.open(request.out, iso_utc(clock.wall_ns()))
    news = sys.stderr if request.json_path == "-" else sys.stdout
    options = Options(
        lab=request.lab,
        seed=seed,
        jobs=request.jobs,
        prove=request.prove,
        retries=request.retries,
        overrides=settings,
        out=outbox.folder,
    )
    console = Console(news, ladder=outbox.ladder)
    console.begin(files=len(files), seed=seed, lab=request.lab)
    with Progress(news, console, clock) as progress:
        suite = Suite(options, clock, progress).run(files)
    trouble = _write_reports(request, suite)
    console.summary(suite)
    trouble += [console.trouble] if console.trouble else []
    for text in trouble:
        typer.echo(f"harness: {text}", err=True)
    return _exit_code(suite, trouble)


def _exit_code(suite: SuiteVerdict, trouble: Sequence[str]) -> int:
    if suite.interrupted:
        return 130
    return suite.exit_code or (3 if trouble else 0)


def _nothing(request: Request) -> int:
    where = ", ".join(request.paths)
    chosen = f" that -k {request.keep!r} keeps" if request.keep else ""
    typer.echo(
        f"harness: nothing to run: {where} holds no scenario file{chosen} "
        "(a .yaml file with a top-level scenario: key)",
        err=True,
    )
    return 5


def _write_reports(request: Request, suite: SuiteVerdict) -> list[str]:
    """Write what was asked for; one report that cannot be written does not cost the others."""
    from harness.reports.github import write_github
    from harness.reports.json_report import write_json
    from harness.reports.junit import write_junit

    writers: list[Callable[[], None]] = []
    if request.junit is not None:
        path = request.junit
        writers.append(lambda: write_junit(suite, path))
    if request.json_path is not None:
        target = request.json_path
        writers.append(lambda: write_json(suite, target, sys.stdout))
    if request.github:
        writers.append(lambda: write_github(suite, sys.stdout, dict(os.environ)))
    trouble: list[str] = []
    for write in writers:
        try:
            write()
        except (HarnessError, OSError) as error:
            trouble.append(str(error) if isinstance(error, RigFault) else f"a report: {error}")
    return trouble
