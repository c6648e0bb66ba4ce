"""``harness run`` from outside: verdicts, exit codes, bundles, reports."""

import json
import xml.etree.ElementTree as ElementTree

from conftest import first_scenario


def test_a_scenario_that_holds_passes(harness):
    harness.write("echo.yaml", first_scenario())
    done = harness("run", "echo.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert "two questions are answered" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_folder_can_be_run_again_although_bundles_stand_in_it(harness):
    harness.write("echo.yaml", first_scenario())
    for _ in range(2):
        done = harness("run")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("1 scenario,")


def test_a_failure_shows_the_check_its_place_and_a_ladder(harness):
    path = harness.write("echo.yaml", first_scenario().replace("count: 2", "count: 3"))
    done = harness("run", "echo.yaml")
    line = path.read_text().splitlines().index(
        "  both are answered: {expect: {output: client, says: ^answer}, count: 3}"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "both are answered" in done.stdout
    assert f"echo.yaml:{line + 1}:" in done.stdout
    assert "answer 2 Ack: alice 2" in done.stdout
    assert "harness run" in done.stdout
    assert "--seed 1" in done.stdout


def test_a_bundle_judged_again_gives_the_same_verdict(harness):
    for count, code in ((2, 0), (3, 1)):
        harness.write("echo.yaml", first_scenario().replace("count: 2", f"count: {count}"))
        assert harness("run", "echo.yaml").returncode == code
        judged = harness("judge", harness.bundle)
        assert judged.returncode == code, judged.stdout + judged.stderr


def test_a_replayed_bundle_has_the_same_fates(harness):
    text = first_scenario().replace("delay: 5ms", "delay: 5ms, jitter: 4ms, loss: 40%")
    text = text.replace("count: 2", "count: ..2").replace("--asks 2", "--asks 8 --wait 0.1")
    harness.write("echo.yaml", text.replace("count: ..2", "count: .. 8"))
    assert harness("run", "echo.yaml", "--seed", "5").returncode == 0
    bundle = harness.bundle
    first = fates(bundle)
    replayed = harness("replay", bundle)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert harness.bundle == bundle, "a replay must not move `latest`"
    (again,) = (harness.folder / "harness-out").glob("*/replay")
    assert fates(again) == first
    assert {fate for _, _, fate in first} == {"delivered", "dropped"}


def fates(bundle):
    lines = (bundle / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    wanted = ("delivered", "dropped")
    found = [
        (f"{e['source']}>{e['target']}", e["k"], e["event"])
        for e in events
        if e.get("event") in wanted
    ]
    return sorted(found)


def test_show_draws_the_run(harness):
    harness.write("echo.yaml", first_scenario())
    harness("run", "echo.yaml")
    done = harness("show", harness.bundle)
    assert done.returncode == 0, done.stderr
    assert "client" in done.stdout
    assert "server" in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_reports_are_written_side_by_side(harness):
    harness.write("echo.yaml", first_scenario())
    report, done = harness.report("echo.yaml", "--junit", "junit.xml")
    assert done.returncode == 0
    assert report["outcome"] == "passed"
    tree = ElementTree.parse(harness.folder / "junit.xml")
    assert len(tree.findall(".//testcase")) >= 1


def test_an_unwritable_report_is_named_and_costs_nothing_else(harness):
    harness.write("echo.yaml", first_scenario())
    done = harness("run", "echo.yaml", "--junit", "no/such/folder/x.xml")
    assert done.returncode == 3
    assert "no/such/folder/x.xml" in done.stderr
    assert "passed" in done.stdout


def test_a_reader_that_leaves_changes_no_verdict(harness):
    harness.write("echo.yaml", first_scenario())
    command = harness.start("run", "echo.yaml", "--junit", "junit.xml")
    command.stdout.close()
    assert command.wait(timeout=60) == 0
    assert (harness.folder / "junit.xml").exists()


def test_a_full_disk_under_the_report_is_one_line_and_an_error(harness):
    harness.write("echo.yaml", first_scenario())
    done = harness.into("/dev/full", "run", "echo.yaml")
    assert done.returncode == 3, done.stderr
    assert done.stderr == "harness: cannot write the report: No space left on device\n"


def test_two_commands_at_once_do_not_meet(harness):
    harness.write("echo.yaml", first_scenario())
    commands = [harness.start("run", "echo.yaml", "--out", f"out{n}") for n in range(3)]
    outputs = [command.communicate(timeout=60)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0, 0], outputs


def test_seeds_differ_and_repeat(harness):
    text = first_scenario().replace("delay: 5ms", "delay: 5ms, loss: 50%")
    text = text.replace("--asks 2", "--asks 8 --wait 0.1").replace("count: 2", "count: .. 8")
    harness.write("echo.yaml", text)
    seen = []
    for seed in (1, 2, 1):
        assert harness("run", "echo.yaml", "--seed", seed).returncode == 0
        seen.append(fates(harness.bundle))
    assert seen[0] == seen[2]
    assert seen[0] != seen[1]


def test_variants_and_set(harness):
    text = first_scenario().replace("until:", "params: {delay: [1ms, 5ms]}\nuntil:", 1)
    harness.write("echo.yaml", text.replace("delay: 5ms}", "delay: $(delay)}"))
    report, _ = harness.report("echo.yaml")
    assert [run["variant"] for run in report["scenarios"][0]["runs"]] == ["delay=1ms", "delay=5ms"]
    report, _ = harness.report("echo.yaml", "--set", "delay=2ms")
    assert len(report["scenarios"][0]["runs"]) == 1


def test_a_mutant_that_survives_fails_the_suite(harness):
    mutants = """\
mutants:
  is just as good:
    links: {any -> any: {delay: 6ms}}
    breaks: [both are answered]
"""
    harness.write("echo.yaml", first_scenario(more=mutants))
    assert harness("run", "echo.yaml").returncode == 0
    done = harness("run", "echo.yaml", "--prove")
    assert done.returncode == 1
    assert "is just as good" in done.stdout


def test_a_check_that_no_mutant_breaks_fails_the_proof(harness):
    harness.write("echo.yaml", first_scenario())
    done = harness("run", "echo.yaml", "--prove")
    assert done.returncode == 1
    assert "both are answered" in done.stdout


def test_a_killed_mutant_passes_the_proof(harness):
    mutants = """\
mutants:
  is cut off:
    links: {any -> any: {loss: 100%}}
    hosts: {client: {run: CLIENT --wait 0.1}}
    breaks: [both are answered]
"""
    scenario = first_scenario()
    client = scenario.split("client: {run: ")[1].split("}\n")[0]
    harness.write("echo.yaml", scenario + mutants.replace("CLIENT", client))
    done = harness("run", "echo.yaml", "--prove")
    assert done.returncode == 0, done.stdout
