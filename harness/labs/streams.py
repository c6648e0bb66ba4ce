"""The lab's ends of a program's standard streams: pipes, or a pseudo-terminal.

It owns the descriptors until they are closed. It does not wait: the lab's loop says when there
is something to read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from dataclasses import dataclass
from typing import Literal

from harness.errors import RigFault
from harness.labs.output import Allowance, Line, LineSplitter

READ_BYTES = 64 * 1024
DRAIN_BYTES = 1024 * 1024
"""The largest pipe an unprivileged program can ask for; pipe(7), /proc/sys/fs/pipe-max-size."""

StreamName = Literal["stdout", "stderr"]


class Stream:
    """One output stream of one life of a program. ``ended`` turns true at its end."""

    def __init__(self, host: str, name: StreamName, fd: int, allowance: Allowance) -> None:
        self.host = host
        self.name: StreamName = name
        self.ended = False
        self._fd = fd
        self._allowance = allowance
        self._splitter = LineSplitter()

    def fileno(self) -> int:
        """The descriptor to watch for reading; -1 once closed."""
        return self._fd

    def read(self) -> list[Line]:
        """The lines that one read completes, without waiting; perhaps none.

        One read only, so that a flood of one program does not hold up the others. When ``ended``
        is true afterwards, unwatch the stream and close it.
        """
        return self._lines(self._read_once() or b"")

    def drain(self) -> list[Line]:
        """Everything that was in the stream at this moment; what a dead program left behind.

        Bounded by what a pipe can hold: a descendant that still writes cannot keep us here.
        """
        lines = []
        for _ in range(DRAIN_BYTES // READ_BYTES + 1):
            data = self._read_once()
            lines += self._lines(data or b"")
            if data is None or self.ended:
                break
        return lines

    def close(self) -> list[Line]:
        """Give the descriptor back; the last line if it had no newline. Unwatch it before."""
        if self._fd == -1:
            return []
        os.close(self._fd)
        self._fd, self.ended = -1, True
        return self._admitted(self._splitter.finish())

    def _read_once(self) -> bytes | None:
        """Some bytes, nothing at the end of the stream, None where nothing is there yet."""
        if self.ended:
            return b""
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            # A pseudo-terminal that nobody holds open any more says so by EIO, not by an end.
            if error.errno != errno.EIO:
                raise
            data = b""
        self.ended = not data
        return data

    def _lines(self, data: bytes) -> list[Line]:
        if self._allowance.exhausted:
            self._allowance.leave_out(len(data))
            return []
        lines = self._splitter.feed(data)
        return self._admitted(lines + self._splitter.finish() if self.ended else lines)

    def _admitted(self, lines: list[Line]) -> list[Line]:
        return [line for line in lines if self._allowance.admit(line)]


@dataclass(frozen=True, slots=True)
class StreamEnds:
    """Both sides of a program's streams: the lab reads, ``given`` goes to the program.

    ``given`` is standard output and standard error; with ``terminal`` the first is a terminal
    that also becomes standard input.
    """

    streams: tuple[Stream, Stream]
    given: tuple[int, int]
    terminal: bool

    def close_given(self) -> None:
        """Close our copies of the program's ends; else its streams would never end."""
        for fd in self.given:
            os.close(fd)


def open_streams(host: str, stdio: Literal["pipe", "tty"], allowance: Allowance) -> StreamEnds:
    """Pipes for both streams; with ``tty`` a pseudo-terminal for input and output.

    Standard error stays a pipe of its own even then, so that an output pattern can still tell it
    from standard output. Raises RigFault where the process has no descriptors left.
    """
    opened: list[int] = []
    try:
        out_read, out_write = _open_terminal() if stdio == "tty" else os.pipe()
        opened += [out_read, out_write]
        err_read, err_write = os.pipe()
    except OSError as fault:
        for fd in opened:
            os.close(fd)
        raise RigFault(
            f"cannot open the streams of {host}: {fault.strerror}; "
            "raise the limit of open files (ulimit -n) or run fewer scenarios at once"
        ) from fault
    for fd in (out_read, err_read):
        os.set_blocking(fd, False)
    streams = (
        Stream(host, "stdout", out_read, allowance),
        Stream(host, "stderr", err_read, allowance),
    )
    return StreamEnds(streams, (out_write, err_write), stdio == "tty")


def _open_terminal() -> tuple[int, int]:
    """A pseudo-terminal of 80 by 24 that passes output through as it is and echoes nothing."""
    lab_end, program_end = os.openpty()
    mode = termios.tcgetattr(program_end)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(program_end, termios.TCSANOW, mode)
    fcntl.ioctl(program_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return lab_end, program_end
