"""GitHub: workflow commands that annotate the lines of a scenario, and a step summary.

Escapes as the runner's own toolkit does (actions/toolkit, packages/core/src/command.ts): ``%``,
CR and LF in messages, also ``:`` and ``,`` in properties. In the summary nothing of a program is
ever markup.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from harness.checks.verdict import CheckVerdict, Outcome, ScenarioVerdict, SuiteVerdict
from harness.errors import RigFault
from harness.trace.text import visible

_LEVELS = {
    Outcome.FAILED: "error",
    Outcome.ERROR: "error",
    Outcome.INCONCLUSIVE: "warning",
    Outcome.SKIPPED: "notice",
}
_SIGNS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.ERROR: "💥",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.SKIPPED: "⏭️",
}


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def commands(suite: SuiteVerdict) -> Iterator[str]:
    """One workflow command for everything that is not a pass."""
    for scenario in suite.scenarios:
        for check in _bad_checks(scenario):
            title = f"{scenario.outcome.value}: {check.name}"
            yield _command(check.outcome, check.place.file, check.place.line, title, check.reason)
        if scenario.reason:
            text = f"{scenario.reason}; {scenario.remedy}"
            yield _command(scenario.outcome, scenario.path, 1, scenario.scenario, text)
        for mutant in scenario.mutants:
            if not mutant.killed:
                place = mutant.place
                title = f"mutant not killed: {mutant.name}"
                yield _command(Outcome.FAILED, place.file, place.line, title, mutant.reason)


def _bad_checks(scenario: ScenarioVerdict) -> Iterator[CheckVerdict]:
    for run in scenario.runs:
        yield from (check for check in run.all if check.outcome is not Outcome.PASSED)
    yield from (claim for claim in scenario.claims if claim.outcome is not Outcome.PASSED)


def _command(outcome: Outcome, file: str, line: int, title: str, text: str) -> str:
    place = f"file={_property(file)},line={line},title={_property(visible(title))}"
    return f"::{_LEVELS[outcome]} {place}::{_message(visible(text))}"


def summary(suite: SuiteVerdict) -> str:
    """The step summary: a table of scenarios, then what went wrong."""
    rows = [
        f"| {_SIGNS[each.outcome]} {each.outcome.value} | {_cell(each.scenario)} "
        f"| {each.wall_ns / 1e9:.1f} s |"
        for each in suite.scenarios
    ]
    bad = [
        f"- **{_cell(check.name)}** ({_cell(str(check.place))}): {_cell(check.reason)}"
        for scenario in suite.scenarios
        for check in _bad_checks(scenario)
    ]
    title = f"### harness: {suite.outcome.value}"
    head = [title, "", "| verdict | scenario | time |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", *bad]) + "\n"


_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]#|~!"})


def _cell(text: str) -> str:
    return html.escape(visible(text)).translate(_MARKUP)


def write_github(suite: SuiteVerdict, stream: TextIO, environment: Mapping[str, str]) -> None:
    """Annotations to ``stream``; the summary to the file that GitHub names. Raises RigFault."""
    for command in commands(suite):
        print(command, file=stream)
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary(suite))
        except OSError as error:
            raise RigFault(f"cannot write the step summary {path}: {error.strerror}") from error
