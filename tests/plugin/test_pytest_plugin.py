"""The pytest plugin, tested by an inner pytest in a process of its own."""

import shutil
from pathlib import Path

import pytest

ECHO = Path(__file__).parents[2] / "scenarios" / "echo"

SCENARIO = """\
scenario: two questions are answered
until: {exit: client, plus: 100ms}
hosts:
  server: {run: python server.py $(self:9999)}
  client: {run: python client.py $(server:9999) --name alice --asks 2}
links:
  any -> any: {delay: 5ms}
checks:
  both are answered: {expect: {output: client, says: ^answer}, count: 2}
mutants:
  is just as good:
    links: {any -> any: {delay: 6ms}}
    breaks: [both are answered]
"""


@pytest.fixture
def project(pytester):
    for name in ("server.py", "client.py"):
        shutil.copy(ECHO / name, pytester.path)
    return pytester


def outcome(project, *words):
    return project.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *words)


def test_a_scenario_file_is_an_item_that_passes(project):
    project.path.joinpath("echo.yaml").write_text(SCENARIO)
    result = outcome(project, "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*echo.yaml::echo PASSED*"])


def test_a_failed_scenario_is_reported_in_its_own_words_without_a_traceback(project):
    project.path.joinpath("echo.yaml").write_text(SCENARIO.replace("count: 2", "count: 3"))
    result = outcome(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*failed: both are answered*", "*echo.yaml:9:*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_variants_are_items(project):
    text = SCENARIO.replace("until:", "params: {delay: [1ms, 5ms]}\nuntil:", 1)
    project.path.joinpath("echo.yaml").write_text(text.replace("delay: 5ms}", "delay: $(delay)}"))
    result = outcome(project, "--co", "-q")
    result.stdout.fnmatch_lines(["echo.yaml::delay=1ms", "echo.yaml::delay=5ms"])


def test_mutants_run_when_asked(project):
    project.path.joinpath("echo.yaml").write_text(SCENARIO)
    result = outcome(project, "--harness-prove")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*mutant not killed: is just as good*"])


def test_a_file_with_mistakes_is_a_collection_error_with_their_places(project):
    project.path.joinpath("bad.yaml").write_text("scenario: x\nuntil: 10\n")
    result = outcome(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*bad.yaml:2:8*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_unknown_lab_is_a_usage_error(project):
    project.path.joinpath("echo.yaml").write_text(SCENARIO)
    result = outcome(project, "--harness-lab", "moon")
    result.stderr.fnmatch_lines(["*--harness-lab moon*accepted: auto, loopback*"])
    assert result.ret != 0


LAB_TEST = """
def test_echo(lab):
    lab.host("server", "python server.py $(self:9999)")
    lab.host("client", "python client.py $(server:9999) --asks 2")
    lab.link("any -> any", delay="5ms")
    lab.check("both", expect={"output": "client", "says": "^answer"}, count=COUNT)
    lab.run(until={"exit": "client", "plus": "100ms"})
    assert "ask 1" in lab.output("client")
"""


def test_the_lab_fixture_runs_a_scenario_from_python(project):
    project.makepyfile(LAB_TEST.replace("COUNT", "2"))
    outcome(project).assert_outcomes(passed=1)


def test_the_lab_fixture_fails_the_test_with_the_report(project):
    project.makepyfile(LAB_TEST.replace("COUNT", "3"))
    result = outcome(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*failed: both*"])


def test_a_lab_that_was_built_and_never_run_fails(project):
    project.makepyfile("def test_nothing(lab):\n    lab.host('server', 'python server.py')\n")
    result = outcome(project)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*never run: nothing was checked*"])


FOREIGN = ["kind: Deployment\n", "{{ template }}\n", "\tkey: [\n", "a: &a [*a]\n", "  scenario: no\n"]


def test_foreign_yaml_costs_nothing(project):
    for number in range(1000):
        project.path.joinpath(f"foreign{number}.yaml").write_text(FOREIGN[number % len(FOREIGN)])
    project.makepyfile("def test_one(): pass\n")
    project.makeconftest(
        "import sys\n"
        "def pytest_sessionfinish():\n"
        "    heavy = {'msgspec', 'ruamel', 'rich', 'typer', 'harness.runner.suite'} & set(sys.modules)\n"
        "    print('HEAVY', sorted(heavy))\n"
    )
    result = outcome(project, "--co", "-q", "-s")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*test_foreign_yaml_costs_nothing.py::test_one", "*HEAVY []*"])
