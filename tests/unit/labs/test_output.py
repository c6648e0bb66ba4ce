"""Lines of output: where they end, what they show, and what they may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.labs.output import LINE_COST_BYTES, Allowance, Line, LineSplitter

LIMIT = 16


def split(*pieces: bytes, limit: int = LIMIT) -> list[Line]:
    splitter = LineSplitter(limit)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return lines + splitter.finish()


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"one\n", [Line("one")]),
        (b"one\ntwo\n", [Line("one"), Line("two")]),
        (b"\n\n", [Line(""), Line("")]),
        (b"dos\r\n", [Line("dos")]),
        (b"two\r\r\n", [Line("two\r")]),
        (b"in\rside\n", [Line("in\rside")]),
        (b"prompt> ", [Line("prompt> ", partial=True)]),
        (b"half\r", [Line("half\r", partial=True)]),
        (b"\xff\x00\xc3\n", [Line("\\xff\x00\\xc3")]),
        ("zürich\n".encode(), [Line("zürich")]),
        (b"\xed\xa0\x80\n", [Line("\\xed\\xa0\\x80")]),  # a lone surrogate is no UTF-8
        (b"x" * 16 + b"\n", [Line("x" * 16)]),
        (b"x" * 16 + b"\r\n", [Line("x" * 16)]),
        (b"x" * 17 + b"\n", [Line("x" * 16, cut=1)]),
        (b"x" * 17 + b"\r\n", [Line("x" * 16, cut=1)]),
        (b"x" * 20, [Line("x" * 16, cut=4, partial=True)]),
        (b"x" * 20 + b"\nshort\n", [Line("x" * 16, cut=4), Line("short")]),
    ],
)
def test_a_line_ends_at_its_newline(data: bytes, lines: list[Line]) -> None:
    assert split(data) == lines


@pytest.mark.parametrize("character", ["ü", "€", "🙂"])
@pytest.mark.parametrize("before", [13, 14, 15, 16])
def test_a_cut_never_tears_a_character(character: str, before: int) -> None:
    text = "x" * before + character + "rest"
    (line,) = split(text.encode() + b"\n")
    assert "\\x" not in line.text
    assert text.startswith(line.text)
    assert len(line.text.encode()) + line.cut == len(text.encode())


def test_undecodable_bytes_before_the_cut_are_kept() -> None:
    assert split(b"\xff" * 20 + b"\n") == [Line("\\xff" * 16, cut=4)]
    assert split(b"\x80" * 20 + b"\n") == [Line("\\x80" * 16, cut=4)]


def test_a_finished_splitter_is_as_new() -> None:
    splitter = LineSplitter(LIMIT)
    splitter.feed(b"y" * 30)
    assert splitter.finish() == [Line("y" * 16, cut=14, partial=True)]
    assert splitter.finish() == []
    assert splitter.feed(b"next\n") == [Line("next")]


PIECES = st.lists(
    st.binary(max_size=12) | st.sampled_from([b"\n", b"\r\n", b"\r", b"\xc3", b"\xa4"])
)


@given(PIECES)
def test_how_the_stream_is_cut_into_reads_does_not_matter(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert split(*pieces) == split(whole)
    assert split(*(bytes([byte]) for byte in whole)) == split(whole)


@given(st.binary())
def test_every_line_is_counted_once_and_no_byte_is_lost(data: bytes) -> None:
    lines = split(data, limit=1 << 20)
    shown = "\n".join(line.text for line in lines)
    expected = data.replace(b"\r\n", b"\n").removesuffix(b"\n").decode("utf-8", "backslashreplace")
    if not any(line.text.endswith("\r") for line in lines):
        assert shown == expected
    assert len(lines) == data.count(b"\n") + bool(data.rpartition(b"\n")[2])


def test_a_stream_without_newline_holds_no_more_than_the_limit() -> None:
    splitter = LineSplitter(1024)
    for _ in range(1000):
        assert splitter.feed(b"z" * 65536) == []
    assert len(splitter._held) == 1024
    assert splitter.feed(b"\n") == [Line("z" * 1024, cut=65_536_000 - 1024)]


def test_an_allowance_keeps_whole_lines_and_counts_the_rest() -> None:
    allowance = Allowance(limit_bytes=2 * (LINE_COST_BYTES + 4))
    assert allowance.admit(Line("aaaa"))
    assert allowance.admit(Line("bbbb"))
    assert not allowance.exhausted
    assert not allowance.admit(Line("cccc", cut=10))
    assert allowance.exhausted
    assert allowance.bytes_left_out == 15


def test_after_the_first_refusal_nothing_smaller_slips_in() -> None:
    allowance = Allowance(limit_bytes=LINE_COST_BYTES + 4)
    assert not allowance.admit(Line("too long for it"))
    assert not allowance.admit(Line(""))


def test_empty_lines_use_up_the_allowance_too() -> None:
    allowance = Allowance(limit_bytes=10 * LINE_COST_BYTES)
    assert [allowance.admit(Line("")) for _ in range(12)].count(True) == 10
