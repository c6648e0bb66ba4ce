"""JUnit XML as pytest and Jenkins read it: a suite for each scenario, a case for each check.

``failed`` is a failure, ``error`` and ``inconclusive`` are errors (JUnit has no third word; the
type says which), ``skipped`` is skipped.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from harness.checks.verdict import (
    CheckVerdict,
    MutantVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    SuiteVerdict,
)
from harness.reports.troubles import own_checks
from harness.reports.writing import write_report

SECOND_NS = 1_000_000_000
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {
    Outcome.FAILED: "failure",
    Outcome.ERROR: "error",
    Outcome.INCONCLUSIVE: "error",
    Outcome.SKIPPED: "skipped",
}


def legal(text: str) -> str:
    """The text with what XML 1.0 cannot hold spelled out (XML 1.0, production 2, Char)."""
    return _ILLEGAL.sub(lambda match: _spelt(ord(match.group())), text)


def _spelt(number: int) -> str:
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def write_junit(suite: SuiteVerdict, path: Path) -> None:
    """Write the report. Raises RigFault when the path cannot be written."""
    write_report(path, junit_text(suite))


def junit_text(suite: SuiteVerdict) -> str:
    """The report as text."""
    root = ElementTree.Element("testsuites", name="harness")
    for number, scenario in enumerate(suite.scenarios):
        root.append(_suite(scenario, number))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(verdict: ScenarioVerdict, number: int) -> ElementTree.Element:
    cases = list(_cases(verdict))
    tags = Counter(child.tag for case in cases for child in case)
    element = ElementTree.Element(
        "testsuite",
        name=legal(verdict.scenario),
        id=str(number),
        tests=str(len(cases)),
        failures=str(tags["failure"]),
        errors=str(tags["error"]),
        skipped=str(tags["skipped"]),
        time=f"{verdict.wall_ns / SECOND_NS:.3f}",
        timestamp=_timestamp(verdict),
        hostname="localhost",
    )
    element.extend(cases)
    return element


def _timestamp(verdict: ScenarioVerdict) -> str:
    began = next((run.header.began for run in verdict.runs if run.header), "")
    return began.partition(".")[0] or "1970-01-01T00:00:00"


def _cases(verdict: ScenarioVerdict) -> list[ElementTree.Element]:
    if not verdict.runs:
        return [_case(verdict.path, verdict.scenario, 0, verdict.outcome, _why(verdict))]
    cases = [case for run in verdict.runs for case in _run_cases(verdict, run)]
    cases += [_check_case(verdict.path, claim, "", 0) for claim in verdict.claims]
    cases += [_mutant_case(verdict.path, mutant) for mutant in verdict.mutants]
    for name in verdict.unbroken:
        why = "no mutant breaks this check"
        cases.append(_case(verdict.path, f"proof of {name}", 0, Outcome.FAILED, why))
    if verdict.outcome is not Outcome.PASSED and not any(len(case) for case in cases):
        cases.append(_case(verdict.path, verdict.scenario, 0, verdict.outcome, _why(verdict)))
    return cases


def _why(verdict: ScenarioVerdict) -> str:
    return "; ".join(filter(None, (verdict.reason, verdict.remedy)))


def _run_cases(verdict: ScenarioVerdict, run: RunVerdict) -> list[ElementTree.Element]:
    suffix = " ".join(filter(None, (run.variant, f"seed {run.seed}")))
    each_ns = run.wall_ns // max(1, len(run.all))
    checks = own_checks(verdict, run)
    return [_check_case(run.path, check, suffix, each_ns) for check in checks]


def _check_case(path: str, check: CheckVerdict, suffix: str, took_ns: int) -> ElementTree.Element:
    member = f" ({check.member})" if check.member else ""
    name = f"{check.name}{member}" + (f" [{suffix}]" if suffix else "")
    text = f"{check.place}\n{check.text}\n{check.reason}"
    return _case(path, name, took_ns, check.outcome, check.reason, text)


def _mutant_case(path: str, mutant: MutantVerdict) -> ElementTree.Element:
    spared = Outcome.SKIPPED if mutant.skipped else Outcome.FAILED
    outcome = Outcome.PASSED if mutant.killed else spared
    return _case(path, f"mutant {mutant.name}", 0, outcome, mutant.reason, str(mutant.place))


def _case(
    path: str, name: str, took_ns: int, outcome: Outcome, message: str, text: str = ""
) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=legal(path), name=legal(name), time=f"{took_ns / SECOND_NS:.3f}"
    )
    if tag := _TAGS.get(outcome):
        child = ElementTree.SubElement(case, tag, type=outcome.value, message=legal(message))
        child.text = legal(text or message)
    return case
