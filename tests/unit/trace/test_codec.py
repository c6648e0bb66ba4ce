"""Traces on disk: what is written is read, whole or torn, and nothing damaged passes."""

import errno

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from harness.errors import RigFault, TraceFault
from harness.trace import events as vocabulary
from harness.trace.codec import (
    BUFFER_BYTES,
    TraceWriter,
    iter_trace,
    read_header,
    read_trace,
    write_trace,
)
from harness.trace.events import DROP_REASONS, AnyEvent, Header, Output, Trace

HEADER = Header(scenario="s", digest="d", seed=1, lab="loopback", engine="user")
KINDS = AnyEvent.__args__


def write(path, events, header=HEADER):
    with TraceWriter(path, header) as writer:
        for event in events:
            writer.write(event)


def value_of(field):
    names = {
        "payload": st.binary(max_size=50),
        "reason": st.sampled_from(DROP_REASONS),
        "rules": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
        "steps_missed": st.lists(st.integers(0, 9), max_size=3),
    }
    if field.name in names:
        return names[field.name]
    if hasattr(field.type, "__args__") and "Literal" in str(field.type):
        return st.sampled_from(field.type.__args__)
    return {int: st.integers(-(2**62), 2**62), str: st.text(max_size=30), bool: st.booleans()}.get(
        field.type, st.just(field.default) if field.default is not msgspec.NODEFAULT else st.none()
    )


def events_of(kind):
    fields = msgspec.structs.fields(kind)
    values = {field.name: value_of(field) for field in fields if field.name != "n"}
    return st.fixed_dictionaries(values).map(lambda values: kind(n=1, **values))


def numbered(events):
    return [msgspec.structs.replace(event, n=n) for n, event in enumerate(events, 1)]


def line(n, text="tick"):
    return Output(n=n, t=n, host="alice", stream="stdout", line=text)


def test_the_list_of_kinds_holds_every_event_of_the_vocabulary():
    defined = {
        value
        for value in vars(vocabulary).values()
        if isinstance(value, type) and issubclass(value, vocabulary.Event)
    }
    assert defined - {vocabulary.Event} == set(KINDS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.one_of([events_of(kind) for kind in KINDS]), max_size=8).map(numbered))
def test_what_is_written_is_read(tmp_path, events):
    write(tmp_path / "t", events)
    trace = read_trace(tmp_path / "t")
    assert trace == Trace(HEADER, tuple(events))
    assert list(iter_trace(tmp_path / "t")) == events


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_comes_back(tmp_path, kind):
    @settings(max_examples=20)
    @given(event=events_of(kind))
    def comes_back(event):
        write_trace(tmp_path / "t", Trace(HEADER, (event,)))
        assert read_trace(tmp_path / "t").events == (event,)

    comes_back()


def test_a_header_comes_back_whole_and_names_its_format(tmp_path):
    header = Header(
        scenario="ü", digest="d", variant="v", mutant="m", seed=7, lab="loopback", engine="user",
        kernel="k", interpreter="i", began="b", blind={"icmp": "no privilege"},
    )  # fmt: skip
    write(tmp_path / "t", [], header)
    assert read_header(tmp_path / "t") == header
    first = (tmp_path / "t").read_bytes().splitlines()[0]
    assert msgspec.json.decode(first)["format"] == 1


def test_a_trace_torn_anywhere_is_read_up_to_there(tmp_path):
    path = tmp_path / "t"
    events = [line(n, "ü" * n) for n in range(1, 4)]
    write(path, events)
    whole = path.read_bytes()
    for end in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:end])
        trace = read_trace(path)
        complete = whole[: end + 1].count(b"\n") - 1
        at_an_end = whole[end - 1 : end] == b"\n" or whole[end : end + 1] == b"\n"
        assert trace.events == tuple(events[:complete])
        assert ("torn" in trace.torn) == (not at_an_end)


def test_a_trace_torn_within_its_header_is_refused(tmp_path):
    path = tmp_path / "t"
    write(path, [])
    whole = path.read_bytes()
    for end in range(1, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(TraceFault, match=r"t:1: no header of a trace \(the file is torn"):
            read_trace(path)


@pytest.mark.parametrize(
    "damage",
    [
        b'{"event":"seen","n":2,"t":2}\n',
        b"garbage\n",
        b'{"n":2}\n',
        b"\xff\xfe\n",
        b"\n",
        b"[" * 100_000 + b"\n",
        b'{"event":"output","n":2,"t":"soon","host":"a","stream":"stdout","line":""}\n',
    ],
)
def test_a_damaged_line_in_the_middle_is_refused_with_its_number(tmp_path, damage):
    path = tmp_path / "t"
    write(path, [line(1), line(2), line(3)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[3:]]))
    with pytest.raises(TraceFault, match=r"t:3: damaged event"):
        read_trace(path)


def test_a_line_that_is_gone_is_missed(tmp_path):
    path = tmp_path / "t"
    write(path, [line(1), line(2), line(3)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(TraceFault, match=r"t:3: event 3 where event 2 is expected"):
        read_trace(path)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "t:1: the trace is empty"),
        (b"{}\n", "t:1: no header of a trace: the line is something else"),
        (b'{"type":"header","format":2}\n', "trace format 2 is unknown; .* reads format 1"),
        (b'{"type":"header","format":"\\u001b[2J"}\n', r"trace format '\\x1b\[2J' is unknown"),
        (b'{"type":"header","format":1}\n', "t:1: damaged header"),
        (b"[1]\n", "t:1: no header of a trace"),
        (b"\x00\xff\n", "t:1: no header of a trace"),
    ],
)
def test_another_header_is_refused(tmp_path, head, told):
    (tmp_path / "t").write_bytes(head)
    with pytest.raises(TraceFault, match=told):
        read_trace(tmp_path / "t")


def test_a_trace_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TraceFault, match="nowhere: cannot read the trace: No such file"):
        read_trace(tmp_path / "nowhere")
    with pytest.raises(RigFault, match="t: cannot make the trace: No such file"):
        TraceWriter(tmp_path / "nowhere" / "t", HEADER)


class Disk:
    """A file that takes only so many bytes, and few at a time."""

    def __init__(self, room, at_once=1 << 20):
        self.room = room
        self.at_once = at_once
        self.data = b""
        self.closed = False

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = bytes(data[: min(self.room, self.at_once)])
        self.room -= len(taken)
        self.data += taken
        return len(taken)

    def close(self):
        self.closed = True


def on(disk, tmp_path):
    writer = TraceWriter(tmp_path / "t", HEADER)
    writer._file.close()
    writer._file = disk
    return writer


def test_a_full_disk_is_told_once_and_what_was_written_stays_readable(tmp_path):
    disk = Disk(room=100)
    writer = on(disk, tmp_path)
    for n in range(1, 51):
        writer.write(line(n))
    with pytest.raises(RigFault, match="No space left on device; events from 1 on may be missing"):
        writer.flush()
    assert writer.broken
    writer.write(line(51))
    writer.close()
    assert disk.closed
    with (tmp_path / "t").open("ab") as file:
        file.write(disk.data)
    trace = read_trace(tmp_path / "t")
    assert 0 < len(trace.events) < 50
    assert trace.torn


def test_a_disk_that_takes_little_at_a_time_gets_everything(tmp_path):
    disk = Disk(room=1 << 20, at_once=7)
    writer = on(disk, tmp_path)
    for n in range(1, 11):
        writer.write(line(n))
    writer.close()
    assert disk.data.count(b"\n") == 10


def test_a_writer_keeps_no_more_than_its_buffer(tmp_path):
    disk = Disk(room=1 << 30)
    writer = on(disk, tmp_path)
    for n in range(1, 400):
        writer.write(line(n, "x" * 1000))
        assert len(writer._buffer) < BUFFER_BYTES + 2000
    assert len(disk.data) > 5 * BUFFER_BYTES


def test_flushed_events_can_be_read_while_the_run_goes_on(tmp_path):
    with TraceWriter(tmp_path / "t", HEADER) as writer:
        assert read_trace(tmp_path / "t").events == ()
        writer.write(line(1))
        writer.flush()
        assert len(read_trace(tmp_path / "t").events) == 1


def test_closing_twice_is_fine(tmp_path):
    writer = TraceWriter(tmp_path / "t", HEADER)
    writer.close()
    writer.close()
