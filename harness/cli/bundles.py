"""The words about a saved run: ``show``, ``judge``, ``replay``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from harness.checks.verdict import RunVerdict, ScenarioVerdict, SuiteVerdict
from harness.clock import SystemClock, iso_utc
from harness.errors import UsageFault
from harness.runner.outbox import Outbox
from harness.runner.replay import judged_again, replay_job
from harness.runner.single import carry_out
from harness.trace.bundle import Bundle
from harness.trace.ladder import ladder


def _opened(path: Path) -> Bundle:
    """The bundle at a path. Raises UsageFault where nothing is, TraceFault where no bundle is."""
    if not path.exists():
        raise UsageFault(f"{path}: there is no such bundle")
    return Bundle.open(path)


def show_bundle(path: Path, around: Sequence[int], width: int) -> int:
    """Print the ladder of a run."""
    trace = _opened(path).trace()
    deciding = around[0] if around else 0
    for line in ladder(trace, around, deciding, width=width):
        typer.echo(line)
    if trace.torn:
        typer.echo(f"harness: {path}: {trace.torn}", err=True)
    return 0


def judge_bundle(path: Path) -> int:
    """Judge a saved run again; the exit code is that of the verdict."""
    return _told(judged_again(_opened(path)))


def replay_bundle(path: Path, out: Path) -> int:
    """Run a saved run again with the same fates."""
    clock = SystemClock()
    bundle = _opened(path)
    outbox = Outbox.open(out, iso_utc(clock.wall_ns()), latest=False)
    job = replay_job(bundle, outbox.folder / "replay")
    verdict = carry_out(job, clock, lambda: False)
    return _told(verdict)


def _told(run: RunVerdict) -> int:
    from harness.reports.console import Console

    scenario = ScenarioVerdict(
        scenario=run.scenario,
        path=run.path,
        lab=run.lab,
        outcome=run.outcome,
        runs=(run,),
        seed=run.seed,
        wall_ns=run.wall_ns,
    )
    suite = SuiteVerdict((scenario,), seed=run.seed, lab=run.lab, wall_ns=run.wall_ns)
    console = Console(sys.stdout, ladder=Outbox(Path()).ladder)
    console.scenario(scenario)
    console.summary(suite)
    return suite.exit_code
