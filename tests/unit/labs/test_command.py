"""What a program is started with, and how a refusal to start reads."""

from __future__ import annotations

import errno
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RigFault
from harness.labs.command import (
    command,
    failure_text,
    fresh_run_id,
    program_environment,
    signal_number,
)
from harness.labs.frames import Frames, encode


def test_python_as_first_word_is_the_interpreter_that_runs_us() -> None:
    assert command(["python", "server.py", "python"]) == [sys.executable, "server.py", "python"]
    assert command(["python3", "server.py"]) == ["python3", "server.py"]
    assert command([]) == []


def test_a_scenario_adds_to_the_environment_but_cannot_take_the_mark() -> None:
    added = {"COLOR": "yes", "HARNESS_HOST": "forged"}
    environment = program_environment(added, "run/alice")
    assert environment == {
        "COLOR": "yes", "PYTHONUNBUFFERED": "1", "HARNESS_HOST": "run/alice",
    }  # fmt: skip


def test_a_scenario_may_take_unbuffered_output_back() -> None:
    assert program_environment({"PYTHONUNBUFFERED": ""}, "m")["PYTHONUNBUFFERED"] == ""


@pytest.mark.parametrize("name", ["TERM", "SIGTERM"])
def test_a_signal_has_its_number_with_and_without_prefix(name: str) -> None:
    assert signal_number(name) == signal.SIGTERM


def test_an_unknown_signal_is_a_fault_that_names_it() -> None:
    with pytest.raises(RigFault, match="SIGNONE"):
        signal_number("NONE")


def test_two_runs_have_two_names() -> None:
    assert fresh_run_id() != fresh_run_id()


@pytest.mark.parametrize(
    ("words", "step", "number", "part"),
    [
        (["nosuch"], "exec", errno.ENOENT, "'nosuch': no program of that name on the PATH"),
        (["./nosuch"], "exec", errno.ENOENT, "no such file (looked for '/work/./nosuch')"),
        (["data"], "exec", errno.EACCES, "on the PATH that may be executed"),
        (["./data"], "exec", errno.EACCES, "not an executable file"),
        (["./data"], "exec", errno.ENOEXEC, "nor a script with a #! line"),
        (["a\0b"], "exec", errno.EINVAL, "NUL"),
        ([], "exec", errno.EINVAL, "cannot start ''"),
        (["ls"], "exec", errno.E2BIG, "Argument list too long"),
        (["ls"], "cwd", errno.ENOENT, "working directory '/work': No such file"),
        (["ls"], "fork", errno.EAGAIN, "no new process"),
        (["ls"], "streams", errno.EMFILE, "ulimit -n"),
        (["ls"], "exec", errno.ENFILE, "ulimit -n"),
    ],
)
def test_a_refusal_names_the_command_and_the_cause(
    words: list[str], step: str, number: int, part: str
) -> None:
    assert part in failure_text(words, "/work", step, number)


def test_a_script_whose_interpreter_is_missing_is_told_from_a_missing_script(
    tmp_path: Path,
) -> None:
    (tmp_path / "script").touch()
    text = failure_text(["./script"], str(tmp_path), "exec", errno.ENOENT)
    assert "interpreter named in its first line" in text


MESSAGES = st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()))


@given(MESSAGES, st.integers(1, 40))
def test_messages_arrive_whole_however_the_socket_cuts_them(
    messages: list[dict[str, object]], size: int
) -> None:
    data = b"".join(map(encode, messages))
    frames = Frames()
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    assert [message for piece in pieces for message in frames.feed(piece)] == messages


def test_a_file_name_that_is_no_utf8_survives_the_way() -> None:
    name = b"\xff".decode("utf-8", "surrogateescape")
    assert Frames().feed(encode({"argv": [name]})) == [{"argv": [name]}]
