"""Bad command lines and bad files: a message that helps, exit code 2, never a traceback."""

import pytest
from conftest import first_scenario


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "nowhere"], "nowhere: there is no such file"),
        (["run", ".", "--lab", "moon"], "accepted: auto, loopback"),
        (["run", ".", "--seed", "many"], "--seed many: accepted: a whole number"),
        (["run", ".", "--set", "x"], "accepted: NAME=VALUE"),
        (["run", ".", "--engine", "netem"], "No such option"),
        (["explain", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["doctor"], "No such command"),
        (["show", "nowhere"], "nowhere: there is no such bundle"),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(harness, words, told):
    done = harness(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_scenarios_ran_nothing(harness):
    done = harness("run", ".")
    assert done.returncode == 5
    assert "nothing to run" in done.stderr


def test_a_bundle_that_is_none_is_explained(harness):
    for word in ("show", "judge", "replay"):
        done = harness(word, ".")
        assert done.returncode in (2, 3)
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("harness: ")


FIVE_MISTAKES = """\
scenario: five mistakes
until: 10
hosts:
  server: {run: python server.py, cuont: 2}
links:
  any -> any: {dleay: 5ms, loss: 5}
checks:
  lives: {alive: sever}
"""


def test_lint_names_five_mistakes_with_their_places(harness):
    harness.write("bad.yaml", FIVE_MISTAKES)
    done = harness("lint", "bad.yaml")
    assert done.returncode == 2
    for place in ("bad.yaml:2:8", "bad.yaml:4:35", "bad.yaml:6:16", "bad.yaml:6:34", "bad.yaml:8:10"):
        assert place in done.stderr
    for nearest in ("count", "delay", "server"):
        assert f"{nearest!r}" in done.stderr
    assert "5 mistakes" in done.stderr


def test_nothing_runs_when_one_of_several_files_is_wrong(harness):
    harness.write("good.yaml", first_scenario())
    harness.write("bad.yaml", FIVE_MISTAKES)
    done = harness("run", ".")
    assert done.returncode == 2
    assert not (harness.folder / "harness-out").exists()


def test_explain_spells_out_contracts(harness):
    harness.write("good.yaml", first_scenario(more="  server lives: {alive: server}\n"))
    done = harness("explain", "good.yaml")
    assert done.returncode == 0, done.stderr
    assert "never: {exit: server}" in done.stdout
    assert "panicked at" in done.stdout


def test_new_writes_a_scenario_that_passes(harness):
    assert harness("new", "ping").returncode == 0
    assert harness("lint", "ping").returncode == 0
    done = harness("run", "ping", "--prove")
    assert done.returncode == 0, done.stdout + done.stderr
    again = harness("new", "ping")
    assert again.returncode == 2
    assert "nothing was written" in again.stderr


def test_the_schema_is_json(harness):
    import json

    done = harness("schema")
    assert json.loads(done.stdout)["type"] == "object"


@pytest.mark.parametrize("word", ["run", "lint", "explain", "schema", "new", "show", "judge", "replay"])
def test_every_word_has_help_with_an_example(harness, word):
    done = harness(word, "--help")
    assert done.returncode == 0
    assert f"harness {word}" in done.stdout
    assert "Example" in done.stdout
