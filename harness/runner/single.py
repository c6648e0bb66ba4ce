"""One run: a lab carries out a plan, the trace is written, read again and judged.

The verdict comes from the saved bundle and from nothing else, so judging it later gives the same.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.checks.judge import judge
from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict, worst
from harness.clock import Clock, iso_utc
from harness.errors import CapabilityMissing, HarnessError, RigFault
from harness.labs.base import Lab, Plan
from harness.link.fate import Fates
from harness.reports.json_report import run_json
from harness.scenario.model import Scenario
from harness.trace.bundle import PACKETS, VERDICT, Bundle, RunFacts
from harness.trace.codec import TraceWriter
from harness.trace.events import AnyEvent, DatagramEvent, Header
from harness.trace.log import Log
from harness.trace.pcapng import write_pcapng

HELD_NS = 20_000_000
"""How long a datagram's event may wait for its file at most while others follow."""


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
            log = Log(_Sink(writer))
            plan = Plan(job.scenario, job.seed, scratch, job.edits, job.fates, job.mutant)
            job.lab.run(plan, log, interrupted)
    except CapabilityMissing:
        raise
    except HarnessError as error:
        trouble = str(error)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return _judged(job, bundle, trouble, clock.monotonic_ns() - began_ns)


class _Sink:
    """Hands events to the file soon, so that a killed harness leaves what it saw.

    What stands for a decision goes out at once, datagrams at most :data:`HELD_NS` later than the
    one before: a system call for each of ten thousand datagrams a second would cost a tenth of a
    core.
    """

    def __init__(self, writer: TraceWriter) -> None:
        self._writer = writer
        self._flushed_ns = 0

    def __call__(self, event: AnyEvent) -> None:
        self._writer.write(event)
        often = isinstance(event, DatagramEvent)
        if not often or event.t - self._flushed_ns > HELD_NS:
            self._flushed_ns = event.t
            self._writer.flush()


def _judged(job: Job, bundle: Bundle, trouble: str, wall_ns: int) -> RunVerdict:
    trace = bundle.trace()
    verdict = judge(job.scenario, trace, wall_ns=wall_ns, bundle=str(bundle.path))
    verdict = replace(verdict, mutant=job.mutant, attempt=job.attempt)
    if trouble:
        verdict = _with_trouble(verdict, job, "the lab did its part", trouble)
    try:
        bundle.write_output(trace)
        write_pcapng(bundle.path / PACKETS, trace)
        bundle.write(VERDICT, run_json(verdict))
    except RigFault as fault:
        verdict = _with_trouble(verdict, job, "the bundle is whole", str(fault))
    return verdict


def _with_trouble(verdict: RunVerdict, job: Job, rule: str, trouble: str) -> RunVerdict:
    """The verdict with a fault of the rig's added; a failure that was found stays one."""
    found = CheckVerdict(rule, Outcome.ERROR, trouble, job.scenario.place)
    outcome = worst((verdict.outcome, Outcome.ERROR))
    return replace(verdict, outcome=outcome, rules=(found, *verdict.rules))


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
        edits=dict(job.edits),
        command=tuple(sys.argv),
        began=iso_utc(clock.wall_ns()),
        machine=f"{platform.platform()} {platform.machine()}",
    )
