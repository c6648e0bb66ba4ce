"""A program's output as lines, in bounded memory, whatever the program prints.

Pure: bytes in, lines out. It owns where a line ends, how undecodable bytes are shown, and how
much of a host's output is kept; it does not read descriptors and knows no time.
"""

from __future__ import annotations

from dataclasses import dataclass

LINE_LIMIT_BYTES = 64 * 1024
HOST_LIMIT_BYTES = 16 * 1024 * 1024
LINE_COST_BYTES = 64
"""What a kept line costs beside its text: a flood of empty lines must reach the limit too."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end.

    ``text`` shows bytes that are no UTF-8 as ``\\xNN``; ``cut`` counts the bytes left out at the
    end of a line too long to keep; ``partial`` says that the stream ended without a newline.
    """

    text: str
    cut: int = 0
    partial: bool = False


class LineSplitter:
    """Turns one stream of bytes into lines, however the bytes are cut into pieces.

    A line ends at ``\\n``; one ``\\r`` before it belongs to the end. Of a line longer than
    ``limit_bytes`` only the beginning is held, so a stream without newlines costs no more.
    """

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held = bytearray()
        self._beyond = 0
        self._last_beyond = b""

    def feed(self, data: bytes) -> list[Line]:
        """The lines that these bytes complete."""
        *ends, rest = data.split(b"\n")
        lines = []
        for piece in ends:
            self._hold(piece)
            lines.append(self._line(partial=False))
        self._hold(rest)
        return lines

    def finish(self) -> list[Line]:
        """What stands after the last newline, if anything; the splitter is as new afterwards."""
        return [self._line(partial=True)] if self._held else []

    def _hold(self, piece: bytes) -> None:
        room = self._limit - len(self._held)
        self._held += piece[:room]
        if len(piece) > room:
            self._beyond += len(piece) - room
            self._last_beyond = piece[-1:]

    def _line(self, *, partial: bool) -> Line:
        kept, cut = bytes(self._held), self._beyond
        if not partial and cut:
            cut -= self._last_beyond == b"\r"
        elif not partial:
            kept = kept.removesuffix(b"\r")
        if cut:
            whole = _without_torn_character(kept)
            cut += len(kept) - len(whole)
            kept = whole
        self._held.clear()
        self._beyond = 0
        return Line(kept.decode("utf-8", "backslashreplace"), cut, partial)


def _without_torn_character(kept: bytes) -> bytes:
    """The bytes without a UTF-8 character whose end was cut off (RFC 3629, section 3)."""
    for back in range(1, min(4, len(kept)) + 1):
        byte = kept[-back]
        if byte & 0xC0 == 0x80:
            continue
        return kept[:-back] if _character_length(byte) > back else kept
    return kept


def _character_length(lead: int) -> int:
    """How many bytes the character has that begins with this one; 1 for what begins none."""
    if not 0xC2 <= lead <= 0xF4:
        return 1
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


@dataclass(slots=True)
class Allowance:
    """How much output of one host is kept, over all its streams and lives.

    What comes after the first line that does not fit is read and counted in ``bytes_left_out``,
    never kept. Whoever writes the log must say so, because a check cannot see what was left out.
    """

    limit_bytes: int = HOST_LIMIT_BYTES
    kept_bytes: int = 0
    bytes_left_out: int = 0
    exhausted: bool = False

    def admit(self, line: Line) -> bool:
        """Whether this line is kept; once one was refused, all are."""
        size = len(line.text) + LINE_COST_BYTES
        if self.exhausted or self.kept_bytes + size > self.limit_bytes:
            self.leave_out(len(line.text) + line.cut + 1)
            return False
        self.kept_bytes += size
        return True

    def leave_out(self, size_bytes: int) -> None:
        """Count bytes that are not kept."""
        self.exhausted = True
        self.bytes_left_out += size_bytes
