"""What the pytest plugin makes of scenario files, and the fixture ``lab``."""

from __future__ import annotations

import functools
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from harness.checks.verdict import Outcome, ScenarioVerdict
from harness.clock import SystemClock
from harness.errors import HarnessError, Place, ScenarioFault, UsageFault
from harness.runner.labs import choose
from harness.runner.outbox import Outbox
from harness.runner.single import carry_out
from harness.runner.suite import bundle_name
from harness.runner.work import Work
from harness.scenario.loader import load, loads
from harness.scenario.model import Scenario
from harness.trace.bundle import Bundle
from harness.trace.events import AnyEvent, Output


class ScenarioFailed(Exception):
    """A scenario did not pass; the text is the report."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The plugin's options of one session. ``out`` is where bundles go."""

    lab: str
    seed: int
    prove: bool
    out: Path
    kept: bool

    @classmethod
    def of(cls, config: pytest.Config, temporary: Path) -> Settings:
        """Read the options. Raises UsageError for a seed or lab that is none."""
        from harness.runner.labs import known
        from harness.runner.seeds import root_seed

        try:
            lab = known(str(config.getoption("--harness-lab")))
            seed = root_seed(str(config.getoption("--harness-seed")))
        except UsageFault as fault:
            raise pytest.UsageError(str(fault).replace("--", "--harness-", 1)) from fault
        out = str(config.getoption("--harness-out"))
        prove = bool(config.getoption("--harness-prove"))
        return cls(lab, seed, prove, Path(out) if out else temporary, bool(out))


def run_here(variant: Scenario, settings: Settings) -> ScenarioVerdict:
    """Carry out every run of one variant, one after the other, in this process."""
    clock = SystemClock()
    choice = choose(settings.lab, (variant,))
    if choice.lab is None:
        reason = "; ".join(f"{each.reason} ({each.remedy})" for each in choice.refusals)
        pytest.skip(reason)
    folder = settings.out / bundle_name(variant.path)
    work = Work((variant,), choice.lab, settings.seed, folder, settings.prove)
    while jobs := list(work.next_jobs()):
        for key, first in jobs:
            job = first
            while again := work.take(key, carry_out(job, clock, lambda: False)):
                job = again
    return work.verdict()


def report(verdict: ScenarioVerdict, *, kept: bool) -> str:
    """The verdict as the console prints it, without colour; commands on a bundle only where it
    is kept."""
    from harness.reports.console import Console

    text = io.StringIO()
    Console(text, ladder=Outbox(Path()).ladder, repeatable=kept).scenario(verdict)
    advice = "" if kept else "    keep the bundle to look into it: --harness-out DIR\n"
    return text.getvalue() + advice


class ScenarioFile(pytest.File):
    """A scenario file; its variants are the items. A file with mistakes is a collection error."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            variants = load(self.path)
        except HarnessError as error:
            raise self.CollectError(str(error)) from error
        for variant in variants:
            name = variant.variant or self.path.stem
            yield ScenarioItem.from_parent(self, name=name, variant=variant)


class ScenarioItem(pytest.Item):
    """One variant of a scenario file."""

    def __init__(self, *, variant: Scenario, **rest: Any) -> None:
        super().__init__(**rest)
        self.variant = variant

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory(prefix="udp-harness-pytest-") as temporary:
            settings = Settings.of(self.config, Path(temporary))
            verdict = run_here(self.variant, settings)
            if verdict.outcome is not Outcome.PASSED:
                raise ScenarioFailed(report(verdict, kept=settings.kept))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if excinfo.errisinstance((ScenarioFailed, HarnessError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.variant.place.line - 1, self.variant.claim


class LabFixture:
    """Builds one scenario from Python and runs it.

    ::

        def test_echo(lab):
            lab.host("server", "python server.py $(self:9999)")
            lab.host("client", "python client.py $(server:9999)")
            lab.link("any -> any", delay="20ms", loss="5%")
            lab.step(at="3s", cut="client -> server", **{"for": "1s"})
            lab.check("answers", expect={"output": "client", "says": "^answer"})
            lab.run(until="10s")

    Values are those of the scenario language, as text. Programs are found beside the test file.
    """

    def __init__(self, path: Path, name: str, settings: Settings) -> None:
        self._path = path
        self._name = name
        self._settings = settings
        self._asked = False
        self._document: dict[str, Any] = {"hosts": {}, "links": {}, "timeline": [], "checks": {}}
        self._verdict: ScenarioVerdict | None = None

    def host(self, name: str, run: str = "", **keys: object) -> None:
        """A host; without ``run`` a silent one. ``keys`` are those of ``hosts``."""
        self._document["hosts"][name] = {**({"run": run} if run else {}), **keys}

    def link(self, flow: str, **fields: object) -> None:
        """What happens to the datagrams of a flow."""
        self._document["links"].setdefault(flow, {}).update(fields)

    def step(self, **keys: object) -> None:
        """A step of the timeline."""
        self._document["timeline"].append(keys)

    def check(self, name: str, **keys: object) -> None:
        """A claim that must hold."""
        self._document["checks"][name] = keys

    def run(self, *, until: object, claim: str = "", judge: bool = True) -> ScenarioVerdict:
        """Run and judge. With ``judge`` anything but ``passed`` fails the test with its report.

        A test that built no valid scenario fails with every mistake.
        """
        __tracebackhide__ = True
        self._asked = True
        document = {"scenario": claim or self._name, "until": until, **self._document}
        text = json.dumps(_text(document), ensure_ascii=False, indent=1)
        try:
            (variant,) = loads(text, str(self._path), {})
        except ScenarioFault as fault:
            pytest.fail(f"{self._name}: {_placeless(fault)}", pytrace=False)
        self._verdict = run_here(variant, self._settings)
        if judge and self._verdict.outcome is not Outcome.PASSED:
            pytest.fail(report(self._verdict, kept=self._settings.kept), pytrace=False)
        return self._verdict

    def require_run(self) -> None:
        """Fail when hosts were added and nothing ran."""
        if self._document["hosts"] and not self._asked:
            pytest.fail("the lab was built but never run: nothing was checked", pytrace=False)

    @functools.cached_property
    def events(self) -> tuple[AnyEvent, ...]:
        """Everything that happened, in order; after :meth:`run`."""
        if self._verdict is None or not self._verdict.runs:
            raise ValueError("there are no events before run()")
        return Bundle.open(Path(self._verdict.runs[-1].bundle)).trace().events

    def output(self, host: str) -> list[str]:
        """The lines that a host printed on either stream."""
        return [e.line for e in self.events if isinstance(e, Output) and e.host == host]


def _placeless(fault: ScenarioFault) -> str:
    """The mistakes without their places: what was built from Python has no lines of its own."""
    nowhere = Place("", 0, 0)
    texts = (str(replace(problem, place=nowhere)) for problem in fault.problems)
    return "\n".join(text.removeprefix(f"{nowhere}: ") for text in texts)


def _text(value: object) -> object:
    """The same tree with every scalar as text: the language reads nothing else."""
    if isinstance(value, Mapping):
        return {str(key): _text(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_text(each) for each in value]
    return str(value)
