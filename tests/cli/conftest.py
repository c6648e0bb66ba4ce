"""The command, run as a user runs it: a process of its own, its output in a pipe."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAMS = REPOSITORY / "tests" / "programs"
DEADLINE_S = 90
SERVER = f"python {REPOSITORY / 'scenarios/echo/server.py'} $(self:9999)"
CLIENT = f"python {REPOSITORY / 'scenarios/echo/client.py'} $(server:9999) --name alice --asks 2"


def environment():
    """What a user has: nothing of ours, and Python's own buffering."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "NO_COLOR": "1"}


@dataclass
class Command:
    """Runs ``harness`` in a folder of the test's own."""

    folder: Path
    started: list = field(default_factory=list)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, *words):
        return subprocess.run(
            [sys.executable, "-m", "harness", *map(str, words)],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def into(self, path, *words):
        """Run with the standard output going to a file of the system's."""
        with open(path, "w") as file:
            return subprocess.run(
                [sys.executable, "-m", "harness", *map(str, words)],
                cwd=self.folder,
                env=environment(),
                stdout=file,
                stderr=subprocess.PIPE,
                text=True,
                timeout=DEADLINE_S,
                check=False,
            )

    def start(self, *words):
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", *map(str, words)],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def report(self, *words):
        """Run with ``--json -`` and return the report with the finished process."""
        done = self("run", *words, "--json", "-")
        assert done.stdout, done.stderr
        return json.loads(done.stdout), done

    @property
    def bundle(self):
        """The newest bundle."""
        (bundle,) = (self.folder / "harness-out" / "latest").glob("*/*/")
        return bundle


@pytest.fixture
def harness(tmp_path):
    command = Command(tmp_path)
    yield command
    for process in command.started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def marked_processes(mark):
    """The ids of living processes whose command line holds ``mark``."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in words and state != "Z":
            found.append(int(entry.name))
    return found


def first_scenario(server=SERVER, client=CLIENT, more=""):
    return f"""\
scenario: two questions are answered
until: {{exit: client, plus: 100ms}}
deadline: 20s
hosts:
  server: {{run: {server}, ready: {{port: 9999, within: 3s}}}}
  client: {{run: {client}}}
links:
  any -> any: {{delay: 5ms}}
checks:
  both are answered: {{expect: {{output: client, says: ^answer}}, count: 2}}
{more}"""
