"""Programs as children: how they start, speak, hear and end."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded import Guarded

from harness.clock import SystemClock
from harness.errors import RigFault
from harness.labs.family import read_kin
from harness.labs.output import Line
from harness.labs.process import Guardian, ProgramExited, ProgramFailed, ProgramStarted

WAIT = "import signal; signal.pause()"
MIB = 1024 * 1024


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Guarded]:
    guarded = Guarded(str(tmp_path))
    yield guarded
    guarded.close()
    assert guarded.alive() == []


def test_a_program_speaks_on_both_streams_and_ends_with_its_code(lab: Guarded) -> None:
    lab.python("a", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    assert lab.exit_code("a") == 7
    assert (lab.texts("a"), lab.texts("a", "stderr")) == (["out"], ["err"])


def test_a_program_that_exits_at_once_was_started_before(lab: Guarded) -> None:
    lab.run("a", ["true"])
    started, exited = lab.event(ProgramStarted, "a"), lab.event(ProgramExited, "a")
    assert lab.events.index(started) < lab.events.index(exited)
    assert started.at_ns <= exited.at_ns <= SystemClock().monotonic_ns()
    assert exited.code == 0


def test_death_by_signal_shows_as_a_shell_shows_it(lab: Guarded) -> None:
    lab.python("a", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert lab.exit_code("a") == 128 + signal.SIGSEGV


def test_what_cannot_be_started_is_refused_by_name_and_the_guardian_lives_on(
    lab: Guarded, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("neither binary nor script")
    (tmp_path / "odd").write_text("neither binary nor script")
    (tmp_path / "odd").chmod(0o755)
    (tmp_path / "lost").write_text("#!/nonexistent/interpreter\n")
    (tmp_path / "lost").chmod(0o755)
    cases = {
        "unknown": (["no-such-program"], "'no-such-program': no program of that name on the PATH"),
        "missing": (["./nosuch"], "no such file"),
        "data": (["./data"], "not an executable file"),
        "odd": (["./odd"], "nor a script with a #! line"),
        "lost": (["./lost"], "interpreter named in its first line"),
        "nul": (["a\0b"], "NUL"),
        "empty": ([], "cannot start ''"),
        "folder": (["./"], "not an executable file"),
    }
    for host, (argv, _) in cases.items():
        lab.run(host, argv)
    for host, (_, text) in cases.items():
        assert text in lab.event(ProgramFailed, host).text
    lab.run("good", ["true"])
    assert lab.exit_code("good") == 0
    assert not any(isinstance(event, ProgramStarted) for event in lab.events[: len(cases)])


def test_a_missing_working_directory_is_named(tmp_path: Path) -> None:
    lab = Guarded(str(tmp_path / "gone"))
    lab.run("a", ["true"])
    assert f"working directory '{tmp_path}/gone'" in lab.event(ProgramFailed, "a").text
    lab.close()


def test_the_streams_of_a_program_that_never_ran_end(lab: Guarded) -> None:
    program = lab.run("a", ["no-such-program"])
    lab.until(lambda: all(stream.ended for stream in program.streams))


def test_a_program_gets_the_environment_of_the_user_and_what_was_added(lab: Guarded) -> None:
    names = ("PATH", "PYTHONUNBUFFERED", "ADDED", "HARNESS_HOST")
    lab.python("a", f"import os; print(*(os.environ[n] for n in {names}), sep='\\n')", ADDED="ü=1")
    lab.exit_code("a")
    assert lab.texts("a") == [os.environ["PATH"], "1", "ü=1", f"{lab.run_id}/a"]


def test_a_program_is_looked_up_on_its_own_path(lab: Guarded, tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("#!/bin/sh\necho hello from $0\n")
    (tmp_path / "hello").chmod(0o755)
    lab.run("a", ["hello"], PATH=f"{tmp_path}:/bin:/usr/bin")
    assert lab.exit_code("a") == 0
    assert lab.texts("a") == [f"hello from {tmp_path}/hello"]


def test_a_program_starts_as_from_a_shell(lab: Guarded, tmp_path: Path) -> None:
    """Own session, own folder, empty input, no descriptors of ours, no signal ignored or blocked."""
    code = (
        "import os, sys\n"
        "status = dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines())\n"
        "print(int(status['SigIgn'], 16) & ~(1 << 12 | 1 << 24), int(status['SigBlk'], 16))\n"
        "print(os.getpid() == os.getsid(0) == os.getpgrp(), os.getcwd())\n"
        "print(repr(sys.stdin.read()), sorted(map(int, os.listdir('/proc/self/fd')))[:3])\n"
        "print(len(os.listdir('/proc/self/fd')))\n"
    )
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        guarded = Guarded(str(tmp_path))
    finally:
        signal.signal(signal.SIGINT, kept)
    guarded.python("a", code)
    guarded.exit_code("a")
    # Python itself ignores SIGPIPE and SIGXFSZ, so these two are masked; listdir opens one more.
    assert guarded.texts("a") == ["0 0", f"True {tmp_path}", "'' [0, 1, 2]", "4"]
    guarded.close()


def test_a_shell_hears_a_broken_pipe(lab: Guarded) -> None:
    """Python ignores SIGPIPE; a program must not inherit that."""
    lab.run("a", ["sh", "-c", "yes | head -n 1; kill -PIPE $$; echo survived"])
    assert lab.exit_code("a") == 128 + signal.SIGPIPE
    assert lab.texts("a") == ["y"]


def test_a_program_that_ignores_the_stop_signal_ends_by_kill(lab: Guarded) -> None:
    lab.python(
        "a",
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'no\\n'))\n"
        "os.write(1, b'up\\n')\n"
        "while True: signal.pause()",
    )
    lab.says("a", "up")
    lab.guardian.signal("a", "TERM")
    lab.says("a", "no")
    assert not any(isinstance(event, ProgramExited) for event in lab.events)
    lab.guardian.kill("a")
    assert lab.exit_code("a") == 137


def test_a_signal_reaches_the_whole_group_of_the_program(lab: Guarded) -> None:
    child = f"{WAIT[:13]}; print('up', flush=True); signal.pause()"
    lab.run("a", ["sh", "-c", f'trap "" USR1; {sys.executable} -I -S -c "{child}"; echo $?'])
    lab.says("a", "up")
    lab.guardian.signal("a", "INT")
    assert lab.exit_code("a") == 128 + signal.SIGINT


def test_requests_about_a_host_without_a_program_do_nothing(lab: Guarded) -> None:
    lab.run("done", ["true"])
    lab.exit_code("done")
    for host in ("done", "never"):
        lab.guardian.signal(host, "TERM")
        lab.guardian.pause(host)
        lab.guardian.resume(host)
        lab.guardian.kill(host)
    lab.served()
    assert [event for event in lab.events if getattr(event, "host", "") == "never"] == []


def test_a_host_lives_again_and_events_tell_its_lives_apart(lab: Guarded) -> None:
    first = lab.python("a", "print('first'); import sys; sys.exit(1)")
    assert lab.exit_code("a") == 1
    second = lab.python("a", "print('second'); import sys; sys.exit(2)")
    assert lab.exit_code("a", life=2) == 2
    assert (first.life, second.life) == (1, 2)
    assert lab.texts("a") == ["first", "second"]
    assert first.allowance is second.allowance


def test_pause_stops_the_whole_family_and_resume_lets_it_go_on(lab: Guarded) -> None:
    lab.run("a", ["sh", "-c", "sleep 1000 & setsid sleep 1000 & echo up; wait"])
    lab.says("a", "up")
    lab.until(lambda: len(lab.alive()) == 3)
    lab.guardian.pause("a")
    lab.served()
    assert [kin.state for kin in lab.alive()] == ["T", "T", "T"]
    lab.guardian.resume("a")
    lab.served()
    assert "T" not in [kin.state for kin in lab.alive()]


def test_a_paused_program_can_be_killed(lab: Guarded) -> None:
    lab.python("a", WAIT)
    lab.guardian.pause("a")
    lab.guardian.kill("a")
    assert lab.exit_code("a") == 137


TERMINAL_REPORT = (
    "import os, sys\n"
    "print(*(os.isatty(fd) for fd in range(3)), *os.get_terminal_size(1))\n"
    "print('dos\\r\\nunix\\nlast', end='')\n"
    "open('/dev/tty').close()\n"
    "print('err', file=sys.stderr)"
)


def test_a_terminal_is_input_and_output_and_errors_stay_apart(lab: Guarded) -> None:
    lab.python("a", TERMINAL_REPORT, "tty")
    assert lab.exit_code("a") == 0
    lab.until(lambda: len(lab.texts("a")) == 4)
    assert lab.texts("a") == ["True True False 80 24", "dos", "unix", "last"]
    assert lab.texts("a", "stderr") == ["err"]
    assert [line.partial for *_, line in lab.lines if line.text == "last"] == [True]


def test_all_that_was_printed_to_a_terminal_arrives(lab: Guarded) -> None:
    lab.python("a", "for n in range(5000): print('line', n)", "tty")
    lab.exit_code("a")
    lab.until(lambda: len(lab.texts("a")) >= 5000)
    assert lab.texts("a") == [f"line {number}" for number in range(5000)]


def test_a_terminal_makes_a_buffering_program_print_by_line(lab: Guarded) -> None:
    code = f"print('seen while it runs'); {WAIT}"
    lab.python("a", code, "tty", PYTHONUNBUFFERED="")
    lab.says("a", "seen while it runs")


def test_a_program_may_close_its_streams_and_live_on(lab: Guarded) -> None:
    program = lab.python("a", f"import os; os.closerange(0, 3); {WAIT}")
    lab.until(lambda: all(stream.ended for stream in program.streams))
    assert read_kin(lab.pid("a")) is not None
    lab.guardian.kill("a")
    assert lab.exit_code("a") == 137


def test_a_stream_outlives_the_program_when_a_descendant_holds_it(lab: Guarded) -> None:
    program = lab.run("a", ["sh", "-c", "echo mine; sleep 1000 & exit 3"])
    assert lab.exit_code("a") == 3
    assert lab.texts("a") == ["mine"]
    assert not program.streams[0].ended
    lab.guardian.kill("a")
    lab.until(lambda: program.streams[0].ended)


def test_a_hundred_megabytes_without_newline_stay_small(lab: Guarded) -> None:
    lab.python(
        "a", "import os\nfor _ in range(1600): os.write(1, b'x' * 65536)\nos.write(1, b'\\n')"
    )
    tracemalloc.start()
    lab.exit_code("a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line for *_, line in lab.lines] == [Line("x" * 65536, cut=1599 * 65536)]
    assert peak < 4 * MIB


def test_raw_binary_is_shown_byte_by_byte(lab: Guarded) -> None:
    lab.python("a", "import os; os.write(1, bytes(range(256)) + b'\\n')")
    lab.exit_code("a")
    first, second = lab.texts("a")
    assert first == "".join(map(chr, range(10)))
    assert second.endswith("".join(f"\\x{byte:02x}" for byte in range(128, 256)))


def test_a_flood_of_output_is_read_to_the_end_and_kept_up_to_the_limit(tmp_path: Path) -> None:
    lab = Guarded(str(tmp_path), host_limit_bytes=MIB)
    program = lab.python("a", "for _ in range(300_000): print('x' * 99)", PYTHONUNBUFFERED="")
    assert lab.exit_code("a") == 0
    lab.until(lambda: all(stream.ended for stream in program.streams))
    assert program.allowance.exhausted
    assert program.allowance.kept_bytes <= MIB
    kept = sum(len(line.text) + 1 for *_, line in lab.lines)
    assert kept + program.allowance.bytes_left_out == pytest.approx(30_000_000, abs=100)
    lab.close()


def test_a_harness_without_descriptors_says_what_to_raise(lab: Guarded) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 8, limits[1]))
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        for _ in range(2):  # room for the first pipe, not for the second
            os.close(taken.pop())
    try:
        with pytest.raises(RigFault, match=r"streams of a: .*ulimit -n"):
            lab.run("a", ["true"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for fd in taken:
            os.close(fd)
    lab.run("b", ["true"])
    assert lab.exit_code("b") == 0


def test_asking_before_the_start_is_a_fault_of_the_rig() -> None:
    guardian = Guardian("run", SystemClock())
    with pytest.raises(RigFault, match="before its start"):
        guardian.kill("a")
    guardian.close()
