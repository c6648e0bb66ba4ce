"""The folder that a run leaves, with all that is needed to judge it again or run it again.

::

    run.json            what ran, where, with which command and version (no verdict)
    scenario.yaml       the file as it was read
    trace.jsonl         what happened
    programs/           the changed programs of a mutant, named in run.json
    output/             what each host printed, as HOST.stdout and HOST.stderr
    packets.pcapng      the datagrams with their fates as comments
    verdict.json        what the judge said, for people; never read again

The first three must be there for a bundle to be opened; the rest is drawn from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from harness import __version__
from harness.errors import RigFault, TraceFault
from harness.trace.codec import TraceWriter, read_trace
from harness.trace.events import Header, Output, Trace

FORMAT: Final = 1
RUN: Final = "run.json"
SCENARIO: Final = "scenario.yaml"
TRACE: Final = "trace.jsonl"
PACKETS: Final = "packets.pcapng"
VERDICT: Final = "verdict.json"
PROGRAMS: Final = "programs"
OUTPUT: Final = "output"
_REQUIRED: Final = (RUN, SCENARIO, TRACE)


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a run besides its trace.

    ``text`` is the scenario file as read, ``overrides`` what ``--set`` fixed, ``edits`` the text
    that a mutant ran instead of the program at each path. ``seed`` is the run's own.
    """

    path: str
    text: str
    seed: int
    lab: str
    variant: str = ""
    overrides: Mapping[str, str] = {}
    mutant: str = ""
    edits: Mapping[str, str] = {}
    began: str = ""
    machine: str = ""
    command: tuple[str, ...] = ()
    version: str = __version__


class _Saved(msgspec.Struct, frozen=True, kw_only=True):
    """``run.json``: the facts without the texts, which are files of their own."""

    bundle: int = FORMAT
    path: str
    seed: int
    lab: str
    variant: str = ""
    overrides: dict[str, str] = {}
    mutant: str = ""
    programs: dict[str, str] = {}  # file in programs/ -> the path it stood for
    began: str = ""
    machine: str = ""
    command: list[str] = []
    version: str = ""


class Bundle:
    """One run's folder. Make it with :meth:`create`, find it again with :meth:`open`."""

    def __init__(self, path: Path, facts: RunFacts) -> None:
        self.path = path
        self.facts = facts

    @classmethod
    def create(cls, path: Path, facts: RunFacts) -> Bundle:
        """Make the folder and write what is known before the run. Raises RigFault."""
        bundle = cls(path, facts)
        programs = _program_names(facts.edits)
        _attempt(path, lambda: path.mkdir(parents=True))
        bundle._write(SCENARIO, facts.text.encode("utf-8", "surrogateescape"))
        for name, original in programs.items():
            bundle._write(f"{PROGRAMS}/{name}", facts.edits[original].encode())
        bundle._write(RUN, _pretty(_saved(facts, programs)))
        return bundle

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """An existing bundle. Raises TraceFault that says what is missing or damaged."""
        missing = [name for name in _REQUIRED if not (path / name).is_file()]
        if missing:
            raise TraceFault(f"{path}: no bundle of a run: {_whats_wrong(path, missing)}")
        # the link that names the newest run may move while a bundle is in use
        real = path.resolve()
        return cls(real, _facts(real))

    def _write(self, name: str, data: bytes) -> None:
        target = self.path / name
        _attempt(target, lambda: _write_file(target, data))

    def writer(self, header: Header) -> TraceWriter:
        """What writes this run's trace; close it before reading."""
        return TraceWriter(self.path / TRACE, header)

    def trace(self) -> Trace:
        """The whole trace. Raises TraceFault."""
        return read_trace(self.path / TRACE)

    def write(self, name: str, text: str) -> None:
        """Write one file of the bundle, such as :data:`VERDICT`. Raises RigFault."""
        self._write(name, text.encode("utf-8", "backslashreplace"))

    def write_output(self, trace: Trace) -> None:
        """The hosts' output, a file for each stream, as the trace has it. Raises RigFault."""
        for name, text in _outputs(trace).items():
            self.write(f"{OUTPUT}/{name}", text)


def _facts(path: Path) -> RunFacts:
    """What ran, from the files of a bundle. Raises TraceFault when it cannot be read."""
    saved = _read_run(path / RUN)
    edits = {
        original: _read(path / PROGRAMS / name).decode("utf-8", "replace")
        for name, original in saved.programs.items()
        if _plain_name(name, path)
    }
    text = _read(path / SCENARIO).decode("utf-8", "surrogateescape")
    shared = {name: getattr(saved, name) for name in _SHARED}
    return RunFacts(text=text, edits=edits, command=tuple(saved.command), **shared)


def _read_run(path: Path) -> _Saved:
    try:
        saved = msgspec.json.decode(_read(path), type=_Saved)
    except msgspec.DecodeError as error:
        raise TraceFault(f"{path}: damaged: {error}") from None
    if saved.bundle != FORMAT:
        found = f"bundle format {saved.bundle} is unknown"
        raise TraceFault(f"{path}: {found}; this version reads format {FORMAT}")
    return saved


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TraceFault(f"{path}: cannot be read: {error.strerror}") from error


_SHARED: Final = (
    "path", "seed", "lab", "variant", "overrides", "mutant", "began", "machine", "version",
)  # fmt: skip


def _saved(facts: RunFacts, programs: Mapping[str, str]) -> _Saved:
    shared = {name: getattr(facts, name) for name in _SHARED}
    shared["overrides"] = dict(facts.overrides)
    return _Saved(programs=dict(programs), command=list(facts.command), **shared)


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _program_names(edits: Mapping[str, str]) -> dict[str, str]:
    """A file name of its own for each changed program."""
    return {f"{index}-{Path(path).name}": path for index, path in enumerate(sorted(edits), 1)}


def _plain_name(name: str, bundle: Path) -> bool:
    if Path(name).name != name or name in ("", ".", ".."):
        raise TraceFault(f"{bundle / RUN}: {name!r} is no file name in {PROGRAMS}/")
    return True


def _outputs(trace: Trace) -> dict[str, str]:
    """File name to text. Host names are cleaned, for a damaged trace may hold any text."""
    texts: dict[str, list[str]] = {}
    for event in trace.events:
        if isinstance(event, Output):
            host = re.sub(r"[^\w-]", "_", event.host, flags=re.ASCII)[:100] or "_"
            left_out = f"… {event.cut} bytes left out" if event.cut else ""
            line = event.line + left_out + ("" if event.partial else "\n")
            texts.setdefault(f"{host}.{event.stream}", []).append(line)
    return {name: "".join(lines) for name, lines in texts.items()}


def _write_file(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _attempt(target: Path, action: Callable[[], object]) -> None:
    try:
        action()
    except OSError as error:
        raise RigFault(f"{target}: cannot write the bundle: {error.strerror}") from error


def _whats_wrong(path: Path, missing: list[str]) -> str:
    if not path.is_dir():
        return "it is a file, not a folder" if path.exists() else "it does not exist"
    inside = sorted(run.parent.relative_to(path) for run in path.glob(f"*/**/{RUN}"))
    if inside:
        shown = ", ".join(str(each) for each in inside[:3])
        return f"it holds {len(inside)} of them; name one, such as {shown}"
    return f"{', '.join(missing)} missing"
