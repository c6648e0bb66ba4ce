"""The folder that a run leaves: everything needed to judge it, show it and run it again.

=================  ==========================================================================
``scenario.yaml``  the file as it was read
``run.json``       what ran where: :class:`RunFacts`
``trace.jsonl``    the trace
``packets.pcapng`` the datagrams, each with its fate as comment
``output/``        what each host printed, a file for each stream
``verdict.json``   the verdict
=================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import RigFault, TraceFault
from harness.trace.codec import TraceWriter, read_trace
from harness.trace.events import Header, Output, Trace

SCENARIO: Final = "scenario.yaml"
FACTS: Final = "run.json"
TRACE: Final = "trace.jsonl"
PACKETS: Final = "packets.pcapng"
OUTPUT: Final = "output"
VERDICT: Final = "verdict.json"


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to read and repeat a run. ``text`` is the scenario file as read."""

    path: str
    text: str
    variant: str
    seed: int
    lab: str
    overrides: dict[str, str] = {}
    mutant: str = ""
    began: str = ""
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk."""

    path: Path
    facts: RunFacts

    @classmethod
    def create(cls, path: Path, facts: RunFacts) -> Bundle:
        """Make the folder and write what is known before the run. Raises RigFault."""
        bundle = cls(path, facts)
        try:
            path.mkdir(parents=True, exist_ok=False)
        except OSError as error:
            raise RigFault(f"cannot make the bundle {path}: {error.strerror}") from error
        bundle.write(SCENARIO, facts.text)
        bundle.write(FACTS, msgspec.json.format(msgspec.json.encode(facts), indent=1).decode())
        return bundle

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Read a bundle's facts. Raises TraceFault that says what is missing."""
        if not path.is_dir():
            raise TraceFault(f"{path}: is no bundle: there is no such folder")
        try:
            data = (path / FACTS).read_bytes()
        except OSError as error:
            message = f"{path}: is no bundle: it has no {FACTS} ({error.strerror})"
            raise TraceFault(message) from error
        try:
            return cls(path, msgspec.json.decode(data, type=RunFacts))
        except msgspec.DecodeError as error:
            raise TraceFault(f"{path / FACTS}: cannot be read: {error}") from error

    def writer(self, header: Header) -> TraceWriter:
        """The sink for this run's log."""
        return TraceWriter(self.path / TRACE, header)

    def trace(self) -> Trace:
        """The saved trace. Raises TraceFault."""
        return read_trace(self.path / TRACE)

    def write(self, name: str, text: str) -> None:
        """Write one file of the bundle. Raises RigFault."""
        try:
            (self.path / name).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise RigFault(f"cannot write {self.path / name}: {error.strerror}") from error

    def write_output(self, trace: Trace) -> None:
        """The hosts' output, a file for each stream, as the trace has it."""
        folder = self.path / OUTPUT
        try:
            folder.mkdir(exist_ok=True)
            for name, lines in _streams(trace):
                (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        except OSError as error:
            raise RigFault(f"cannot write {folder}: {error.strerror}") from error


def _streams(trace: Trace) -> Iterator[tuple[str, list[str]]]:
    streams: dict[str, list[str]] = {}
    for event in trace.events:
        if isinstance(event, Output):
            streams.setdefault(f"{event.host}.{event.stream}", []).append(event.line)
    yield from streams.items()
