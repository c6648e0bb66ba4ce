"""Which files a command line means."""

import pytest

from harness.errors import UsageFault
from harness.runner.selection import keeps, looks_like_scenario, scenario_files


def test_a_folder_stands_for_the_scenario_files_below_it_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.yml").write_text("scenario: two\n")
    (tmp_path / "a.yaml").write_text("# a comment\nscenario: one\n")
    (tmp_path / "foreign.yaml").write_text("kind: Deployment\n")
    (tmp_path / "note.txt").write_text("scenario: no\n")
    found = scenario_files([str(tmp_path)])
    assert [path.name for path in found] == ["a.yaml", "two.yml"]


def test_hidden_folders_are_left_alone(tmp_path):
    (tmp_path / ".tox").mkdir()
    (tmp_path / ".tox" / "one.yaml").write_text("scenario: one\n")
    assert scenario_files([str(tmp_path)]) == ()


def test_the_scenario_in_a_bundle_is_a_record_and_not_run_again(tmp_path):
    bundle = tmp_path / "harness-out" / "1-run1"
    bundle.mkdir(parents=True)
    (bundle / "scenario.yaml").write_text("scenario: one\n")
    assert len(scenario_files([str(tmp_path)])) == 1
    (bundle / "run.json").write_text("{}")
    assert scenario_files([str(tmp_path)]) == ()


def test_a_file_named_outright_is_taken_whatever_it_looks_like(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_text("x")
    assert scenario_files([str(path), str(path)]) == (path,)


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageFault, match="nowhere: there is no such file"):
        scenario_files([str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    ("text", "is_scenario"),
    [
        (b"scenario: x\n", True),
        (b"tags: [a]\nscenario : x\n", True),
        (b"  scenario: nested\n", False),
        (b"#scenario: x\n", False),
        (b"scenarios: x\n", False),
        (b"#" * 4096 + b"\nscenario: too far down\n", False),
    ],
)
def test_a_scenario_shows_in_its_first_4_kib(tmp_path, text, is_scenario):
    path = tmp_path / "f.yaml"
    path.write_bytes(text)
    assert looks_like_scenario(path) is is_scenario


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ("echo", True),
        ("ECHO", True),
        ("loss", False),
        ("not loss", True),
        ("echo and not loss", True),
        ("echo and loss", False),
        ("loss or echo", True),
        ("loss or not echo", False),
    ],
)
def test_an_expression_keeps_by_words(expression, kept):
    assert keeps(expression, ["an Echo comes back", "scenarios/echo/ack.yaml"]) is kept


def test_an_expression_without_a_word_is_refused():
    with pytest.raises(UsageFault, match="a word is missing"):
        keeps("not ", ["echo"])
