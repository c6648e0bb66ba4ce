"""The files of a first scenario, on real sockets."""

import socket
import subprocess
import sys

import pytest

from harness.scenario.document import Problems, parse_document
from harness.scenario.loader import loads
from harness.scenario.overlay import edits
from harness.scenario.rules import unbroken
from harness.scenario.template import new_scenario

PATIENCE_S = 20


@pytest.fixture
def folder(tmp_path):
    for file, text in new_scenario("ping").items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def server(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "server.py", address]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as running:
        yield running, address
        running.terminate()


def asked(folder, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S
    )


def test_the_scenario_loads_and_has_no_check_that_no_mutant_breaks(folder):
    (scenario,) = loads(new_scenario("ping")["ping.yaml"], str(folder / "ping.yaml"))
    assert len(scenario.mutants) == 2
    assert unbroken(scenario) == ()


def test_its_edit_finds_its_text(folder):
    problems = Problems()
    root = parse_document(new_scenario("x")["x.yaml"], "x.yaml", problems)
    mutant = root.get("mutants").get("answers something else")
    (changed,) = edits(mutant, folder, problems).values()
    assert 'b"whatever "' in changed
    assert problems.list == []


def test_the_programs_talk_to_each_other(folder, server):
    running, address = server
    ended = asked(folder, "client.py", address, "--asks", "2")
    assert ended.stdout == "ask 1\nanswer 1\nask 2\nanswer 2\n"
    assert ended.returncode == 0
    assert running.stdout.readline().startswith("asked 1 by 127.0.0.1:")


def test_the_client_gives_up_where_nobody_answers(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        ended = asked(folder, "client.py", address)
        assert ended.stdout == "ask 1\ngave up on 1\n"
        assert ended.returncode == 1
        deaf.setblocking(False)
        assert [deaf.recv(100) for _ in range(3)] == [b"ask 1"] * 3


def test_a_scenario_without_a_name_gets_one():
    assert "first.yaml" in new_scenario("")
