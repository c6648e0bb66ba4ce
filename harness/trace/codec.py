"""The trace on disk: JSON Lines, the header first, one event a line.

Owns reading and writing, and says exactly what cannot be read. A last line without its newline
that cannot be read is *torn* (the writer was killed or the disk was full): it is reported and the
rest stands. Any other damage, and any other format version, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec

from harness.errors import RigFault, TraceFault
from harness.trace.events import FORMAT, AnyEvent, Header, Trace

BUFFER_BYTES: Final = 1 << 16
_NEWEST_SHOWN: Final = 60

_encoder = msgspec.json.Encoder()
_events: Final = msgspec.json.Decoder(AnyEvent)
_headers: Final = msgspec.json.Decoder(Header)


class _Version(msgspec.Struct):
    """What must be known of a header before the rest may be believed."""

    type: str = ""
    format: object = None


def encode_header(header: Header) -> bytes:
    """The first line. The version is always written, for a default may not be left out of it."""
    fields = {"type": "header", "format": header.format, **msgspec.to_builtins(header)}
    return _encoder.encode(fields)


class TraceWriter:
    """Writes a trace as it happens; hand :meth:`write` to a log as its sink.

    Keeps at most ``BUFFER_BYTES`` and one event in memory. When the disk refuses, it raises
    RigFault once, saying from which event on the trace is missing, and swallows the rest: the lab
    can then end its programs in good order.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._buffer = bytearray()
        self._next = 0
        self._lost_from: int | None = None
        self._file: BinaryIO | None = _opened(path)
        self._put(encode_header(header))
        try:
            self.flush()
        except RigFault:
            self.close()
            raise

    @property
    def broken(self) -> bool:
        """Whether the disk has refused a line."""
        return self._lost_from is not None

    def write(self, event: AnyEvent) -> None:
        """Append one event."""
        if self._lost_from is None:
            self._next = self._next or event.n
            self._put(_encoder.encode(event))

    __call__ = write

    def _put(self, line: bytes) -> None:
        self._buffer += line
        self._buffer += b"\n"
        if len(self._buffer) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system. Raises RigFault when it cannot take it."""
        if self._file is None or self.broken:
            return
        try:
            self._drain(self._file)
        except OSError as error:
            raise self._refused(error) from error

    def _drain(self, file: BinaryIO) -> None:
        view = memoryview(bytes(self._buffer))
        self._buffer.clear()
        while view:
            view = view[file.write(view) :]
        self._next = 0

    def _refused(self, error: OSError) -> RigFault:
        self._lost_from = self._next
        missing = f"events from {self._next} on" if self._next else "the header and all events"
        why = error.strerror or str(error)
        return RigFault(f"{self.path}: cannot write the trace: {why}; {missing} may be missing")

    def close(self) -> None:
        """Write what is left and close the file; a second call does nothing."""
        if self._file is None:
            return
        try:
            self.flush()
        finally:
            file, self._file = self._file, None
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb", buffering=0)
    except OSError as error:
        raise RigFault(f"{path}: cannot make the trace: {error.strerror}") from error


def write_trace(path: Path, trace: Trace) -> None:
    """Write a whole trace at once. Raises RigFault."""
    with TraceWriter(path, trace.header) as writer:
        for event in trace.events:
            writer.write(event)


class TraceReader:
    """Iterates over the events of a file with one line in memory at a time.

    ``header`` is there from the start; ``torn`` is set when the iteration has met a torn end.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.torn = ""
        self._file = file
        self.header = self._read_header()

    def _fault(self, line: int, text: str) -> TraceFault:
        return TraceFault(f"{self.path}:{line}: {text}")

    def _read_header(self) -> Header:
        line = self._file.readline()
        if not line:
            raise self._fault(1, "the trace is empty; a header is expected in the first line")
        try:
            version = msgspec.json.decode(line, type=_Version)
        except msgspec.DecodeError as error:
            torn = "" if line.endswith(b"\n") else " (the file is torn within it)"
            raise self._fault(1, f"no header of a trace{torn}: {error}") from None
        if version.type != "header":
            raise self._fault(1, "no header of a trace: the line is something else")
        if version.format != FORMAT:
            found = ascii(version.format)[:_NEWEST_SHOWN]
            raise self._fault(
                1, f"trace format {found} is unknown; this version reads format {FORMAT}"
            )
        try:
            return _headers.decode(line)
        except msgspec.DecodeError as error:
            raise self._fault(1, f"damaged header: {error}") from None

    def __iter__(self) -> Iterator[AnyEvent]:
        expected = 0
        for number, line in enumerate(self._file, 2):
            event = self._decoded(number, line)
            if event is None:
                return
            if expected and event.n != expected:
                raise self._fault(number, f"event {event.n} where event {expected} is expected")
            expected = event.n + 1
            yield event

    def _decoded(self, number: int, line: bytes) -> AnyEvent | None:
        try:
            event: AnyEvent = _events.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            if line.endswith(b"\n"):
                raise self._fault(number, f"damaged event: {error}") from None
            self.torn = f"line {number} is torn: its last {len(line)} bytes cannot be read"
            return None
        return event


def _reading(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise TraceFault(f"{path}: cannot read the trace: {error.strerror}") from error


def iter_trace(path: Path) -> Iterator[AnyEvent]:
    """The events of a file, one at a time. Raises TraceFault; a torn end just ends it."""
    with _reading(path) as file:
        yield from TraceReader(path, file)


def read_header(path: Path) -> Header:
    """Only the first line. Raises TraceFault."""
    with _reading(path) as file:
        return TraceReader(path, file).header


def read_trace(path: Path) -> Trace:
    """The whole file in memory. Raises TraceFault."""
    with _reading(path) as file:
        reader = TraceReader(path, file)
        events = tuple(reader)
        return Trace(reader.header, events, reader.torn)
