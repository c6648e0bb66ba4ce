"""JUnit against its schema, JSON, GitHub's commands and summary."""

import html
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import hypothesis.strategies as st
import pytest
import xmlschema
from hypothesis import given
from verdicts import HOSTILE, check, run, scenario, suite, suite_of_everything

from harness.checks.verdict import CheckVerdict, Outcome
from harness.errors import Place, RigFault
from harness.reports.github import commands, summary, write_github
from harness.reports.json_report import json_text, write_json
from harness.reports.junit import junit_text, write_junit

SCHEMA = Path(__file__).parents[2] / "data" / "junit-10.xsd"
SCHEMA_READ = xmlschema.XMLSchema(SCHEMA)


def test_junit_is_valid_against_its_schema_whatever_programs_say():
    SCHEMA_READ.validate(junit_text(suite_of_everything()))


def test_the_schema_would_refuse_a_wrong_report():
    wrong = junit_text(suite_of_everything()).replace("<failure", "<failed")
    wrong = wrong.replace("</failure>", "</failed>")
    assert not SCHEMA_READ.is_valid(wrong)


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
    assert len(lines) == 6
    assert all(line.startswith("::") and "\n" not in line for line in lines)


def test_the_summary_has_no_markup_of_a_program():
    text = summary(suite_of_everything())
    assert "<script" not in text
    assert "\x1b" not in text
    assert "&#60;script&#62;" in text


def test_the_summary_goes_to_the_file_that_github_names(tmp_path):
    path = tmp_path / "summary.md"
    stream = io.StringIO()
    write_github(suite_of_everything(), stream, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text(encoding="utf-8").startswith("### harness: failed")
    with pytest.raises(RigFault, match="cannot write the step summary"):
        write_github(suite_of_everything(), stream, {"GITHUB_STEP_SUMMARY": str(tmp_path)})


def test_a_check_judged_over_runs_is_no_failure_of_its_runs():
    hit = check("mostly", Outcome.FAILED, "not this time")
    claimed = scenario(run(hit), outcome=Outcome.PASSED, claims=(check("mostly"),))
    root = ElementTree.fromstring(junit_text(suite(claimed)))
    assert root.findall(".//failure") == []
    assert [case.get("name") for case in root.iter("testcase")] == ["mostly"]
    assert list(commands(suite(claimed))) == []


def test_no_scenario_that_is_not_green_looks_green_in_junit():
    for outcome in (Outcome.FAILED, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.SKIPPED):
        for verdict in (scenario(outcome=outcome), scenario(run(check()), outcome=outcome)):
            root = ElementTree.fromstring(junit_text(suite(verdict)))
            assert [len(case) for case in root.iter("testcase")][-1] == 1


def test_junit_tells_every_skip_and_its_reason():
    blind = check("sees it", Outcome.SKIPPED, "this lab does not see refusals")
    root = ElementTree.fromstring(junit_text(suite(scenario(run(check(), blind)))))
    assert [each.get("message") for each in root.iter("skipped")] == [blind.reason]


def test_an_annotation_says_what_became_of_that_check():
    checks = (check("a", Outcome.FAILED), check("b", Outcome.INCONCLUSIVE))
    first, second = commands(suite(scenario(run(*checks))))
    assert first.startswith("::error ")
    assert "title=failed%3A a" in first
    assert second.startswith("::warning ")
    assert "title=inconclusive%3A b" in second


def test_what_went_wrong_in_many_runs_is_annotated_once():
    runs = [run(check("a", Outcome.FAILED), seed=seed) for seed in range(20)]
    assert len(list(commands(suite(scenario(*runs))))) == 1


def test_files_are_named_from_the_root_of_the_checkout(monkeypatch, tmp_path):
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    (line,) = commands(suite(scenario(run(check("a", Outcome.FAILED)))), str(tmp_path))
    assert "file=sub/scenarios/a.yaml," in line
    (line,) = commands(suite(scenario(run(check("a", Outcome.FAILED)))), str(tmp_path / "other"))
    assert "file=scenarios/a.yaml," in line


@pytest.mark.parametrize(
    "text",
    ["| a |", "<b>", "[x](http://evil)", "www.evil.test", "@someone", "`x`", "**b**", "# h", "\\"],
)
def test_a_cell_of_the_summary_holds_no_character_that_markdown_reads(text):
    cell = summary(suite(scenario(run(check(text, Outcome.FAILED))))).split("- **")[1]
    shown = cell.split("** (")[0]
    assert html.unescape(shown) == text
    assert not set("|<>[]`*@.:/\\_") & set(shown)


def test_a_huge_summary_is_cut_with_word_of_it():
    runs = [run(check(f"{n} {'x' * 3000}", Outcome.FAILED, "y" * 3000)) for n in range(500)]
    text = summary(suite(scenario(*runs)))
    assert len(text.encode()) < 1 << 20
    assert "more lines do not fit" in text


def test_the_summary_lists_skips_living_mutants_and_unbroken_checks():
    text = summary(suite_of_everything())
    assert "skipped: no dig&#59; install dnsutils (1)" in text
    assert "mutant **worse**" in text
    assert "no mutant breaks **answers**" in text


def test_reports_survive_a_path_that_is_no_utf8(tmp_path):
    odd = CheckVerdict("a", Outcome.FAILED, "late", Place("caf\udce9.yaml", 1, 1))
    verdict = suite(scenario(run(odd)))
    assert "caf\\udce9" in json.loads(json_text(verdict))["scenarios"][0]["runs"][0]["checks"][0][
        "place"
    ]["file"]
    write_junit(verdict, tmp_path / "j.xml")
    ElementTree.parse(tmp_path / "j.xml")
    write_github(verdict, io.TextIOWrapper(io.BytesIO(), "utf-8"), {})


def test_json_fits_a_stream_that_knows_only_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write_json(suite(scenario(run(check("naïve ✓ 🎉")))), "-", stream)
    name = json.loads(raw.getvalue())["scenarios"][0]["runs"][0]["checks"][0]["name"]
    assert name == "naïve ✓ 🎉"


@given(text=st.text(max_size=60))
def test_any_text_stays_legal_xml_and_one_line_of_github(text):
    bad = check(text, Outcome.FAILED, text, text=text)
    verdict = suite(scenario(run(bad), claim=text))
    SCHEMA_READ.validate(junit_text(verdict))
    (line,) = commands(verdict)
    assert line.count("\n") + line.count("\r") == 0
    properties = line.removeprefix("::error ").split("::")[0]
    assert [each.partition("=")[0] for each in properties.split(",")] == ["file", "line", "title"]
