"""What the guardian tells of a run's programs, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.labs.command import failure_text
from harness.labs.frames import Message


@dataclass(frozen=True, slots=True)
class ProgramStarted:
    """The command runs: its exec succeeded. Times are the guardian's monotonic clock, in ns."""

    host: str
    life: int
    pid: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class ProgramFailed:
    """The command could not be started; ``text`` names it and says why. No exit follows."""

    host: str
    life: int
    text: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class ProgramExited:
    """The program itself ended and was reaped; ``code`` is 128 + n for signal n."""

    host: str
    life: int
    code: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class ProgramLeftovers:
    """Descendants that live on after their program; ``names`` are ``name (pid)``, sorted."""

    host: str
    life: int
    names: tuple[str, ...]
    at_ns: int


@dataclass(frozen=True, slots=True)
class GuardianFault:
    """The guardian died, or could not end every process; a fault of the rig.

    No program runs any more and no event follows: unwatch the guardian.
    """

    text: str


GuardianEvent = ProgramStarted | ProgramFailed | ProgramExited | ProgramLeftovers | GuardianFault


def program_event(message: Message, argv: Sequence[str], cwd: str) -> GuardianEvent:
    """One message of the guardian about the program that was started with these words there."""
    host, life, at_ns = message["host"], message["life"], message["at_ns"]
    match message["is"]:
        case "started":
            return ProgramStarted(host, life, message["pid"], at_ns)
        case "exited":
            return ProgramExited(host, life, message["code"], at_ns)
        case "leftovers":
            return ProgramLeftovers(host, life, tuple(message["names"]), at_ns)
        case "failed":
            text = failure_text(argv, cwd, message["step"], message["errno"])
            return ProgramFailed(host, life, text, at_ns)
        case other:
            raise AssertionError(f"the guardian said {other!r}")
