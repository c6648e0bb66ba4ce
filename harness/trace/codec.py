"""Traces on disk: JSON Lines, the header first, then one event a line, readable by ``jq``.

Payloads are base64 (``jq '.payload|@base64d'``). A file of another format version is refused; a
torn last line, as a killed harness leaves it, is reported and the rest is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import msgspec

from harness.errors import RigFault, TraceFault
from harness.trace.events import FORMAT, AnyEvent, Header, Trace

BUFFER_BYTES: Final = 1 << 16

_EVENTS: Final = msgspec.json.Decoder(AnyEvent)
_HEADERS: Final = msgspec.json.Decoder(Header)


class _Version(msgspec.Struct):
    """As much of any header as tells whether it can be read."""

    format: int = 0


class TraceWriter:
    """A log's sink that writes to a file, with a bounded buffer.

    A context manager. After a write has failed (a full disk) it raises RigFault once, and takes
    no more: what stands in the file by then stays readable.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._encoder = msgspec.json.Encoder()
        self._buffer = bytearray()
        self._broken = False
        self._file: BinaryIO = self._open()
        self._put(header)
        self.flush()

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("wb", buffering=0)
        except OSError as error:
            raise RigFault(f"cannot write the trace {self._path}: {error.strerror}") from error

    def write(self, event: AnyEvent) -> None:
        """Take one event."""
        if self._broken:
            return
        self._put(event)
        if len(self._buffer) > BUFFER_BYTES:
            self.flush()

    def _put(self, value: Header | AnyEvent) -> None:
        self._encoder.encode_into(value, self._buffer, -1)
        self._buffer += b"\n"

    def flush(self) -> None:
        """Hand everything taken so far to the system. Raises RigFault, once."""
        if self._broken or not self._buffer:
            return
        data, self._buffer = memoryview(bytes(self._buffer)), bytearray()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            self._broken = True
            raise RigFault(
                f"cannot go on writing the trace {self._path}: {error.strerror}; "
                "what happened from here on is missing"
            ) from error

    def close(self) -> None:
        """Flush and close; safe to call twice."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_trace(path: Path) -> Trace:
    """The whole trace of a file. Raises TraceFault with file and line for what is damaged."""
    torn = ""
    events: list[AnyEvent] = []
    with _opened(path) as file:
        header = _header(path, file.readline())
        for number, line, whole in _lines(file):
            try:
                events.append(_EVENTS.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                if whole:
                    raise TraceFault(f"{path}:{number}: not an event: {error}") from error
                torn = f"the last line ({number}) is torn: the run ended while it was written"
    return Trace(header, tuple(events), torn)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise TraceFault(f"cannot read the trace {path}: {error.strerror}") from error


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Each line behind the header: its number, its bytes, and whether it has its end."""
    for number, line in enumerate(file, start=2):
        if line.strip():
            yield number, line, line.endswith(b"\n")


def _header(path: Path, line: bytes) -> Header:
    try:
        version = msgspec.json.decode(line, type=_Version).format
        if version != FORMAT:
            raise TraceFault(
                f"{path}:1: the trace has format {version}; this version reads format {FORMAT}"
            )
        return _HEADERS.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TraceFault(f"{path}:1: not the header of a trace: {error}") from error
