"""Programs that misbehave and ends that come early: a clear verdict, and nothing left running."""

import json
import os
import re
import signal

import pytest
from conftest import PROGRAMS, first_scenario, marked_processes


def program(name, words=""):
    return f"python {PROGRAMS / name} {words}".strip()


def test_a_program_that_exits_at_once_is_an_error_that_names_it(harness):
    harness.write("x.yaml", first_scenario(server=program("exits_at_once.py", "$(self:9999)")))
    done = harness("run", "x.yaml")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "server" in done.stdout
    assert "before it was ready" in done.stdout


def test_a_program_that_is_never_ready_is_an_error_after_its_deadline(harness):
    text = first_scenario(server=program("never_ready.py", "$(self:9999)"))
    harness.write("x.yaml", text.replace("within: 3s", "within: 500ms"))
    done = harness("run", "x.yaml")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "server" in done.stdout
    assert "500ms" in done.stdout


def test_a_program_that_is_not_there_is_an_error_that_names_the_command(harness):
    harness.write("x.yaml", first_scenario(server="no-such-program-here $(self:9999)"))
    done = harness("run", "x.yaml")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "no-such-program-here" in done.stdout


def extra_host(run, **keys):
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return first_scenario().replace("hosts:\n", f"hosts:\n  odd: {{run: {run}{more}}}\n")


def test_a_program_that_ignores_the_stop_signal_is_killed_after_its_grace(harness, tmp_path):
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    run = program("ignores_term.py", mark)
    harness.write("x.yaml", extra_host(run, stop="{signal: TERM, grace: 200ms}"))
    done = harness("run", "x.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert marked_processes(mark) == []
    codes = [e for e in events(harness.bundle) if e["event"] == "exited" and e["host"] == "odd"]
    assert [(e["code"], e["by"]) for e in codes] == [(137, "end")]


def test_no_child_of_a_program_is_left(harness, tmp_path):
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    harness.write("x.yaml", extra_host(program("forks_children.py", mark)))
    done = harness("run", "x.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert marked_processes(mark) == []


@pytest.mark.parametrize("name", ["binary_output.py", "closes_streams.py"])
def test_odd_output_does_not_harm_the_run(harness, name):
    harness.write("x.yaml", extra_host(program(name)))
    done = harness("run", "x.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    (harness.bundle / "trace.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("floods_output.py",), ("fills_file.py", "10000")])
def test_a_flood_of_output_unsettles_the_run_and_does_not_fill_the_disk(harness, words):
    text = extra_host(program(*words)).replace("plus: 100ms", "plus: 1500ms")
    harness.write("x.yaml", text)
    done = harness("run", "--retries", "0", "x.yaml")
    assert done.returncode == 4, done.stdout + done.stderr
    assert re.search(r"odd: \d+ bytes of its output were not kept", done.stdout.replace("\n", " "))
    size = sum(path.stat().st_size for path in harness.bundle.rglob("*") if path.is_file())
    assert size < 64 << 20
    (harness.bundle / "trace.jsonl").read_text(encoding="utf-8")


def events(bundle):
    lines = (bundle / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[1:]]


LONG = """\
scenario: a long silence
until: 60s
deadline: 61s
hosts:
  server: {run: SERVER, ready: {says: ^up}}
checks:
  lives: {alive: server}
"""


def long_run(harness, mark):
    """A command in the middle of a long run, once its program is up."""
    fifo = harness.folder / "fifo"
    os.mkfifo(fifo)
    program = harness.write(
        "up.py",
        "import sys, time\n"
        "print('up', flush=True)\n"
        "open(sys.argv[1], 'w').close()\n"
        "time.sleep(600)\n",
    )
    run = f"python {program} {fifo} {mark}"
    harness.write("x.yaml", LONG.replace("SERVER", run))
    command = harness.start("run", "x.yaml")
    fifo.open().close()  # blocks until the program opens it for writing
    return command


def test_an_interrupt_ends_within_two_seconds_and_keeps_what_was_seen(harness, tmp_path):
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    command = long_run(harness, mark)
    command.send_signal(signal.SIGINT)
    output, _ = command.communicate(timeout=10)
    assert command.returncode == 130, output
    assert "interrupted" in output
    assert marked_processes(mark) == []
    kinds = [event["event"] for event in events(harness.bundle)]
    assert "output" in kinds
    assert kinds[-1] == "closed"
    ended = next(event for event in events(harness.bundle) if event["event"] == "end")
    assert ended["why"] == "interrupted"


def test_kill_9_of_the_harness_leaves_no_process(harness, tmp_path):
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    command = long_run(harness, mark)
    (before,) = [pid for pid in marked_processes(mark) if pid != command.pid]
    gone = os.pidfd_open(before)
    command.kill()
    command.wait()
    import select

    assert select.select([gone], [], [], 5)[0], "the program outlived the harness"
    os.close(gone)
    assert marked_processes(mark) == []
    shown = harness("show", harness.bundle)
    assert shown.returncode == 0, shown.stderr
    assert "up" in shown.stdout
    judged = harness("judge", harness.bundle)
    assert judged.returncode == 3, judged.stdout
    assert "the trace ends early" in judged.stdout


def test_an_interrupt_before_anything_is_ready_ends_in_order_too(harness, tmp_path):
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    server = program("never_ready.py", mark)
    text = first_scenario(server=server).replace("within: 3s", "within: 50s")
    harness.write("x.yaml", text)
    command = harness.start("run", "x.yaml")
    assert "1 scenario" in command.stdout.readline()
    command.send_signal(signal.SIGINT)
    output, _ = command.communicate(timeout=10)
    assert command.returncode == 130, output
    assert marked_processes(mark) == []
