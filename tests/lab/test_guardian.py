"""Nobody outlives a run: whoever dies first, and however the programs try to get away."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded import PATIENCE_NS, ROOT, Guarded, wait_until_gone

from harness.clock import SystemClock
from harness.labs.command import fresh_run_id
from harness.labs.family import children_of, descendants, everyone, marked, read_kin
from harness.labs.process import GuardianFault, ProgramExited, ProgramFailed, ProgramLeftovers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="adopts by prctl(2)")

ESCAPE = (
    "import os, signal\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        print('escaped', os.getpid(), flush=True)\n"
    "        signal.pause()\n"
    "    os._exit(0)\n"
    "os.wait()\n"
)
STAY = "import signal; signal.pause()"
# The same, without the mark: the environment of an exec is what /proc shows.
UNMARKED = (
    ESCAPE.replace("print('escaped', os.getpid(), flush=True)\n        signal.pause()",
    "os.execve('/bin/sh', ['sh', '-c', 'echo escaped $$; exec sleep 1000'], {'PATH': '/bin:/usr/bin'})")
)  # fmt: skip


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Guarded]:
    guarded = Guarded(str(tmp_path))
    yield guarded
    guarded.close()
    assert guarded.alive() == []


def escaped(lab: Guarded, host: str) -> int:
    """The pid of the process that got away, once it says so."""

    def words() -> list[str]:
        return [text for text in lab.texts(host) if text.startswith("escaped ")]

    lab.until(words, f"{host} escapes")
    return int(words()[0].split()[1])


def pid_in(name: str) -> int:
    return int(name.rpartition("(")[2].removesuffix(")"))


@pytest.mark.parametrize("code", [ESCAPE, UNMARKED], ids=["marked", "unmarked"])
@pytest.mark.parametrize("end", [STAY, "raise SystemExit(0)"], ids=["stays", "ends"])
def test_a_double_forked_child_is_gone_after_shutdown(lab: Guarded, code: str, end: str) -> None:
    lab.python("a", code + end)
    pid = escaped(lab, "a")
    lab.shutdown()
    assert read_kin(pid) is None
    assert lab.exit_code("a") in (0, 137)
    assert not any(isinstance(event, GuardianFault) for event in lab.events)


@pytest.mark.parametrize("code", [ESCAPE, UNMARKED], ids=["marked", "unmarked"])
def test_kill_ends_the_family_of_one_host_and_no_other(lab: Guarded, code: str) -> None:
    lab.python("a", code + STAY)
    lab.python("b", ESCAPE + STAY)
    mine, other = escaped(lab, "a"), escaped(lab, "b")
    lab.guardian.pause("b")  # a census while families are whole; then b goes on
    lab.guardian.resume("b")
    lab.guardian.kill("a")
    lab.served()
    assert lab.exit_code("a") == 137
    if code == ESCAPE:
        assert read_kin(mine) is None
    assert read_kin(other) is not None
    assert [event.host for event in lab.events if isinstance(event, ProgramExited)] == ["a"]


def test_what_outlives_its_program_is_reported(lab: Guarded) -> None:
    lab.run("a", ["sh", "-c", "sleep 1000 & setsid sleep 1001 & echo up"])
    leftovers = lab.event(ProgramLeftovers, "a")
    assert [kin.pid for kin in lab.alive()] == sorted(map(pid_in, leftovers.names))
    assert len(leftovers.names) == 2
    lab.run("b", ["true"])
    lab.exit_code("b")
    lab.served()
    assert [event.host for event in lab.events if isinstance(event, ProgramLeftovers)] == ["a"]


def test_a_process_whose_first_thread_has_ended_is_ended_too(lab: Guarded) -> None:
    """It looks like a zombie and is none."""
    exit_thread = {"x86_64": 60, "aarch64": 93}.get(os.uname().machine)
    if exit_thread is None:
        pytest.skip("the number of exit(2) is not known here")
    lab.run("a", [sys.executable, "-c", (
        "import ctypes, signal, threading\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "print('up', flush=True)\n"
        f"ctypes.CDLL(None).syscall({exit_thread}, 0)"
    )])  # fmt: skip
    lab.says("a", "up")
    lab.until(lambda: (read_kin(lab.pid("a")) or lab).state == "Z")
    lab.guardian.kill("a")
    assert lab.exit_code("a") == 137


def test_a_program_that_forks_without_end_is_ended(lab: Guarded) -> None:
    lab.python("a", (
        "import os, signal\n"
        "print('up', flush=True)\n"
        "for _ in range(200):\n"
        "    if os.fork() == 0: os.setsid(); signal.pause()\n"
        "while True:\n"
        "    if os.fork() == 0: os._exit(0)\n"
        "    os.wait()\n"
    ))  # fmt: skip
    lab.says("a", "up")
    lab.shutdown()
    assert lab.exit_code("a") == 137
    assert not any(isinstance(event, GuardianFault) for event in lab.events)


def test_shutdown_tells_every_exit_and_is_harmless_when_repeated(lab: Guarded) -> None:
    for number in range(10):
        lab.python(f"h{number}", STAY)
    lab.shutdown()
    exits = [event for event in lab.events if isinstance(event, ProgramExited)]
    assert sorted(event.host for event in exits) == [f"h{number}" for number in range(10)]
    assert {event.code for event in exits} == {137}
    assert lab.guardian.shutdown(0) == []
    lab.guardian.kill("h1")
    assert lab.guardian.poll_events() == []


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_guardian_without_descriptors_refuses_and_goes_on(lab: Guarded, room: int) -> None:
    lab.run("before", ["true"])
    lab.exit_code("before")
    used = len(os.listdir(f"/proc/{lab.guardian.pid}/fd"))
    limits = resource.prlimit(lab.guardian.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(lab.guardian.pid, resource.RLIMIT_NOFILE, (used + room, limits[1]))
    lab.run("a", ["true"])
    assert "ulimit -n" in lab.event(ProgramFailed, "a").text
    resource.prlimit(lab.guardian.pid, resource.RLIMIT_NOFILE, limits)
    lab.run("after", ["true"])
    assert lab.exit_code("after") == 0


def test_the_guardian_is_out_of_the_reach_of_the_terminal(lab: Guarded) -> None:
    assert os.getsid(lab.guardian.pid) == lab.guardian.pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_guardian_is_told_once_and_leaves_nobody(
    lab: Guarded, number: int
) -> None:
    lab.python("a", ESCAPE + STAY)
    pids = [escaped(lab, "a"), lab.pid("a")]
    os.kill(lab.guardian.pid, number)
    fault = lab.event(GuardianFault)
    assert "guardian" in fault.text
    assert wait_until_gone(pids)
    assert lab.alive() == []
    assert lab.guardian.poll_events() == []
    assert lab.guardian.shutdown(SystemClock().monotonic_ns() + PATIENCE_NS) == []


def test_a_guardian_that_does_not_answer_is_replaced_at_the_deadline(lab: Guarded) -> None:
    lab.python("a", ESCAPE + STAY)
    pids = [escaped(lab, "a"), lab.pid("a")]
    os.kill(lab.guardian.pid, signal.SIGSTOP)
    (fault,) = lab.guardian.shutdown(SystemClock().monotonic_ns() + 50_000_000)
    assert "did not end its programs in time" in fault.text
    assert wait_until_gone(pids)
    assert lab.alive() == []


ADOPTS = """
import os, signal, subprocess, sys
from guarded import Guarded
from harness.labs.family import read_kin
from harness.labs.parenthood import adopt_orphans, adopts_orphans
from harness.labs.process import GuardianFault
assert not adopts_orphans()
if sys.argv[2] == "adopts":
    adopt_orphans()
    assert adopts_orphans()
before = subprocess.Popen(["sleep", "600"])
lab, other = Guarded(), Guarded()
for one in (lab, other):
    one.python("a", sys.argv[1])
pids = []
for one in (lab, other):
    one.until(lambda: any(text.startswith("escaped") for text in one.texts("a")))
    pids.append(int(one.texts("a")[0].split()[1]))
os.kill(lab.guardian.pid, signal.SIGKILL)
lab.event(GuardianFault)
print("mine", read_kin(pids[0]) is not None, "other", read_kin(pids[1]) is not None, end=" ")
print("before", before.poll() is None, pids[0])
other.close()
lab.close()
before.kill()
before.wait()
"""


@pytest.mark.parametrize("code", [ESCAPE, UNMARKED], ids=["marked", "unmarked"])
def test_a_process_that_adopts_ends_what_a_killed_guardian_leaves(code: str) -> None:
    words = swept(code, "adopts")
    assert words[:6] == ["mine", "False", "other", "True", "before", "True"]


def test_a_process_that_does_not_adopt_touches_no_child_that_it_cannot_tell() -> None:
    words = swept(UNMARKED, "leaves")
    os.kill(int(words[6]), signal.SIGKILL)
    assert words[:6] == ["mine", "True", "other", "True", "before", "True"]


def swept(code: str, mode: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'lab'}"}
    command = [sys.executable, "-c", ADOPTS, code + STAY, mode]
    done = subprocess.run(command, capture_output=True, env=environment, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


HARNESS = """
import os, sys
from guarded import Guarded
lab = Guarded(run_id=sys.argv[1])
"""

LAUNCH = """
for host in ("a", "b"):
    lab.python(host, sys.argv[2])
    lab.python(host + "-tty", sys.argv[2], "tty")
"""

REPORT = """
for host in ("a", "b", "a-tty", "b-tty"):
    lab.until(lambda: any(text.startswith("escaped") for text in lab.texts(host)))
print("up", lab.guardian.pid, flush=True)
lab.until(lambda: False)
"""

AT_ONCE = """
print("up", lab.guardian.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def die_by_kill(code: str, run_id: str) -> None:
    """Run a harness until it says that it is up, kill it, and wait for its guardian."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'lab'}"}
    with subprocess.Popen(
        [sys.executable, "-c", code, run_id, ESCAPE + STAY],
        stdout=subprocess.PIPE, env=environment, text=True,
    ) as harness:  # fmt: skip
        readable, _, _ = select.select([harness.stdout], [], [], PATIENCE_NS / 1e9)
        assert readable
        word, guardian = harness.stdout.readline().split()
        assert word == "up"
        family = descendants(harness.pid, children_of(everyone()))
        harness.kill()
    assert wait_until_gone([int(guardian), *(kin.pid for kin in family)])


def test_kill_9_of_the_harness_leaves_no_process() -> None:
    run_id = fresh_run_id()
    die_by_kill(HARNESS + LAUNCH + REPORT, run_id)
    assert marked(f"{run_id}/") == []


def test_a_harness_that_dies_while_programs_start_leaves_no_process() -> None:
    run_id = fresh_run_id()
    die_by_kill(HARNESS + LAUNCH + AT_ONCE, run_id)
    assert marked(f"{run_id}/") == []
