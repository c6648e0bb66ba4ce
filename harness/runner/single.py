"""One run: a lab carries out a plan, the trace is written, read again and judged.

The verdict comes from the saved bundle and from nothing else, so judging it later gives the same.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.checks.judge import judge
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict
from harness.clock import Clock, iso_utc
from harness.errors import CapabilityMissing, HarnessError
from harness.labs.base import Lab, Plan
from harness.link.fate import Fates
from harness.reports.json_report import run_json
from harness.scenario.model import Scenario
from harness.trace.bundle import PACKETS, VERDICT, Bundle, RunFacts
from harness.trace.events import Header
from harness.trace.log import Log
from harness.trace.pcapng import write_pcapng


@dataclass(frozen=True, slots=True)
class Job:
    """One run to do. ``folder`` is where its bundle goes."""

    scenario: Scenario
    lab: Lab
    seed: int
    folder: Path
    overrides: Mapping[str, str] = field(default_factory=dict)
    mutant: str = ""
    edits: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1
    fates: Mapping[str, tuple[Fates, ...]] | None = None


def carry_out(job: Job, clock: Clock, interrupted: Callable[[], bool]) -> RunVerdict:
    """Run, write, judge. Never raises for the lab's or the programs' faults: they are verdicts."""
    began_ns = clock.monotonic_ns()
    bundle = Bundle.create(job.folder, _facts(job, clock))
    scratch = tempfile.mkdtemp(prefix="udp-harness-")
    trouble = ""
    try:
        with bundle.writer(_header(job, clock)) as writer:
            log = Log(writer.write)
            plan = Plan(job.scenario, job.seed, scratch, job.edits, job.fates, job.mutant)
            job.lab.run(plan, log, interrupted)
    except CapabilityMissing:
        raise
    except HarnessError as error:
        trouble = str(error)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    verdict = _judged(job, bundle, trouble, clock.monotonic_ns() - began_ns)
    bundle.write(VERDICT, run_json(verdict))
    return verdict


def _judged(job: Job, bundle: Bundle, trouble: str, wall_ns: int) -> RunVerdict:
    trace = bundle.trace()
    verdict = judge(job.scenario, trace, wall_ns=wall_ns, bundle=str(bundle.path))
    verdict = replace(verdict, mutant=job.mutant, attempt=job.attempt)
    if trouble:
        rule = CheckVerdict("the lab did its part", Outcome.ERROR, trouble, job.scenario.place)
        verdict = replace(verdict, outcome=Outcome.ERROR, rules=(rule, *verdict.rules))
    bundle.write_output(trace)
    write_pcapng(bundle.path / PACKETS, trace)
    return verdict


def _header(job: Job, clock: Clock) -> Header:
    return Header(
        scenario=job.scenario.claim,
        digest=job.scenario.digest,
        variant=job.scenario.variant,
        mutant=job.mutant,
        seed=job.seed,
        lab=job.lab.name,
        engine="user",
        kernel=f"{platform.system()} {platform.release()}",
        interpreter=f"{platform.python_implementation()} {platform.python_version()}",
        began=iso_utc(clock.wall_ns()),
        blind=dict(job.lab.blind(job.scenario)),
    )


def _facts(job: Job, clock: Clock) -> RunFacts:
    return RunFacts(
        path=job.scenario.path,
        text=job.scenario.text,
        variant=job.scenario.variant,
        overrides=dict(job.overrides),
        seed=job.seed,
        lab=job.lab.name,
        mutant=job.mutant,
        began=iso_utc(clock.wall_ns()),
        machine=f"{platform.platform()} {platform.machine()}",
    )
