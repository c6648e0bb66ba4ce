"""GitHub: workflow commands that annotate the lines of a scenario, and a step summary.

Escapes as the runner's own toolkit does (actions/toolkit, packages/core/src/command.ts): ``%``,
CR and LF in messages, also ``:`` and ``,`` in properties. In the summary nothing of a program is
ever markup.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from harness.checks.verdict import CheckVerdict, Outcome, ScenarioVerdict, SuiteVerdict
from harness.errors import RigFault
from harness.reports.console import writable
from harness.reports.troubles import bad_checks, bad_claims, skips
from harness.trace.text import excerpt, visible

SUMMARY_BYTES: Final = 900_000
"""GitHub shows no summary of a step above 1 MiB; what other commands of the step wrote counts."""
CELL: Final = 2000
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


def commands(suite: SuiteVerdict, root: str = "") -> Iterator[str]:
    """One workflow command for everything that is not a pass; files relative to ``root``."""
    for scenario in suite.scenarios:
        for check in _bad(scenario):
            title = f"{check.outcome.value}: {check.name}"
            place = check.place
            yield _command(check.outcome, place.file, place.line, title, check.reason, root)
        if scenario.reason:
            text = "; ".join(filter(None, (scenario.reason, scenario.remedy)))
            title = f"{scenario.outcome.value}: {scenario.scenario}"
            yield _command(scenario.outcome, scenario.path, 1, title, text, root)
        yield from _proof(scenario, root)


def _proof(scenario: ScenarioVerdict, root: str) -> Iterator[str]:
    for mutant in scenario.mutants:
        if mutant.alive:
            place = mutant.place
            title = f"mutant not killed: {mutant.name}"
            yield _command(Outcome.FAILED, place.file, place.line, title, mutant.reason, root)
    for name in scenario.unbroken:
        title, text = f"no mutant breaks: {name}", "a check that cannot fail is a defect"
        yield _command(Outcome.FAILED, scenario.path, 1, title, text, root)


def _bad(scenario: ScenarioVerdict) -> Iterator[CheckVerdict]:
    """Each thing that went wrong once, however many runs it went wrong in."""
    told: set[str] = set()
    for check in (check for run in scenario.runs for check in bad_checks(scenario, run)):
        if check.name not in told:
            told.add(check.name)
            yield check
    yield from bad_claims(scenario)


def _command(outcome: Outcome, file: str, line: int, title: str, text: str, root: str) -> str:
    path = visible(_relative(file, root))
    place = f"file={_property(path)},line={line},title={_property(visible(title))}"
    return f"::{_LEVELS[outcome]} {place}::{_message(visible(text))}"


def _relative(file: str, root: str) -> str:
    """The path as GitHub knows it: from the root of the checkout, wherever the command ran."""
    if not root:
        return file
    inside = os.path.relpath(file, root)
    return file if inside.startswith("..") else inside


def summary(suite: SuiteVerdict) -> str:
    """The step summary: a table of scenarios, what went wrong, what was skipped and why."""
    title = f"### harness: {suite.outcome.value}"
    head = [title, "", "| verdict | scenario | time |", "|---|---|---|"]
    bad = [line for scenario in suite.scenarios for line in _items(scenario)]
    skipped = [
        f"- skipped: {_cell('; '.join(filter(None, reason)))} ({len(names)})"
        for reason, names in skips(suite).items()
    ]
    rows = [_row(each) for each in suite.scenarios]
    ends = f"lab {_cell(suite.lab)}, seed {suite.seed}, {suite.wall_ns / 1e9:.1f} s"
    return _bounded([*head, *rows, "", *bad, *skipped, "", ends])


def _row(scenario: ScenarioVerdict) -> str:
    word = f"{_SIGNS[scenario.outcome]} {scenario.outcome.value}"
    return f"| {word} | {_cell(scenario.scenario)} | {scenario.wall_ns / 1e9:.1f} s |"


def _items(scenario: ScenarioVerdict) -> Iterator[str]:
    for check in _bad(scenario):
        yield f"- **{_cell(check.name)}** ({_cell(str(check.place))}): {_cell(check.reason)}"
    for mutant in scenario.mutants:
        if mutant.alive:
            place = _cell(str(mutant.place))
            yield f"- mutant **{_cell(mutant.name)}** ({place}) lives: {_cell(mutant.reason)}"
    for name in scenario.unbroken:
        yield f"- no mutant breaks **{_cell(name)}** ({_cell(scenario.path)})"


def _bounded(lines: list[str]) -> str:
    kept: list[str] = []
    room = SUMMARY_BYTES
    for line in lines:
        room -= len(line.encode("utf-8", "backslashreplace")) + 1
        if room < 0:
            kept += ["", f"… {len(lines) - len(kept)} more lines do not fit here"]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")  # everything of ASCII that Markdown may read


def _cell(text: str) -> str:
    """Text of which Markdown sees nothing but letters: a character reference never opens markup
    (CommonMark 0.31, section 2.5), so there are no links, mentions, tags or columns in it."""
    shown = excerpt(visible(text), CELL)
    return _PUNCTUATION.sub(lambda match: f"&#{ord(match.group())};", shown)


def write_github(suite: SuiteVerdict, stream: TextIO, environment: Mapping[str, str]) -> None:
    """Annotations to ``stream``; the summary to the file that GitHub names. Raises RigFault."""
    for command in commands(suite, environment.get("GITHUB_WORKSPACE", "")):
        print(writable(command, stream), file=stream, flush=True)
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(summary(suite))
        except OSError as error:
            raise RigFault(f"cannot write the step summary {path}: {error.strerror}") from error
