"""JUnit against its schema, JSON, GitHub's commands and summary."""

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import xmlschema
from verdicts import HOSTILE, check, run, scenario, suite, suite_of_everything

from harness.checks.verdict import Outcome
from harness.errors import RigFault
from harness.reports.github import commands, summary, write_github
from harness.reports.json_report import json_text, write_json
from harness.reports.junit import junit_text, write_junit

SCHEMA = Path(__file__).parents[2] / "data" / "junit-10.xsd"


def test_junit_is_valid_against_its_schema_whatever_programs_say():
    xmlschema.XMLSchema(SCHEMA).validate(junit_text(suite_of_everything()))


def test_the_schema_would_refuse_a_wrong_report():
    schema = xmlschema.XMLSchema(SCHEMA)
    wrong = junit_text(suite_of_everything()).replace("<failure", "<failed")
    wrong = wrong.replace("</failure>", "</failed>")
    assert not schema.is_valid(wrong)


def test_junit_counts_what_it_holds():
    root = ElementTree.fromstring(junit_text(suite_of_everything()))
    for element in root.iter("testsuite"):
        assert int(element.get("tests")) == len(element.findall("testcase"))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(attribute)) == len(element.findall(f"testcase/{tag}"))
    assert len(root.findall(".//failure")) == 3
    assert {e.get("type") for e in root.findall(".//error")} == {"error", "inconclusive"}


def test_an_unwritable_junit_path_is_named(tmp_path):
    with pytest.raises(RigFault, match="no/junit.xml: No such file"):
        write_junit(suite_of_everything(), tmp_path / "no" / "junit.xml")


def test_json_has_the_verdicts_and_a_version():
    document = json.loads(json_text(suite_of_everything()))
    assert document["format"] == 1
    assert document["outcome"] == "failed"
    assert document["exit_code"] == 1
    failed = document["scenarios"][1]
    assert failed["scenario"] == HOSTILE
    assert failed["runs"][0]["checks"][1]["place"] == {
        "file": "scenarios/a.yaml",
        "line": 12,
        "column": 3,
    }


def test_json_goes_to_standard_output_for_a_dash(tmp_path):
    stream = io.StringIO()
    write_json(suite_of_everything(), "-", stream)
    write_json(suite_of_everything(), str(tmp_path / "r.json"), stream)
    assert stream.getvalue() == (tmp_path / "r.json").read_text(encoding="utf-8")


def test_an_annotation_is_one_line_that_github_reads_back():
    bad = check("a, b: c", Outcome.FAILED, "50 %\nand ::more::")
    (line,) = commands(suite(scenario(run(bad))))
    assert line == (
        "::error file=scenarios/a.yaml,line=12,title=failed%3A a%2C b%3A c"
        "::50 %25\\x0aand ::more::"
    )


def test_every_annotation_is_one_line():
    lines = list(commands(suite_of_everything()))
    assert len(lines) == 5
    assert all(line.startswith("::") and "\n" not in line for line in lines)


def test_the_summary_has_no_markup_of_a_program():
    text = summary(suite_of_everything())
    assert "<script" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;" in text


def test_the_summary_goes_to_the_file_that_github_names(tmp_path):
    path = tmp_path / "summary.md"
    stream = io.StringIO()
    write_github(suite_of_everything(), stream, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text(encoding="utf-8").startswith("### harness: failed")
    with pytest.raises(RigFault, match="cannot write the step summary"):
        write_github(suite_of_everything(), stream, {"GITHUB_STEP_SUMMARY": str(tmp_path)})
