"""Traces on disk: what is written is read, whole or torn, and nothing damaged passes."""

import errno

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from harness.errors import RigFault, TraceFault
from harness.trace import events as vocabulary
from harness.trace.bundle import Bundle, RunFacts
from harness.trace.codec import TraceWriter, read_trace
from harness.trace.events import DROP_REASONS, AnyEvent, Header, Output, Sent

HEADER = Header(scenario="s", digest="d", seed=1, lab="loopback", engine="user")
KINDS = AnyEvent.__args__


def write(path, events, header=HEADER):
    with TraceWriter(path, header) as writer:
        for event in events:
            writer.write(event)


def value_of(field):
    names = {"payload": st.binary(max_size=50), "reason": st.sampled_from(DROP_REASONS)}
    if field.name in names:
        return names[field.name]
    if hasattr(field.type, "__args__") and "Literal" in str(field.type):
        return st.sampled_from(field.type.__args__)
    return {int: st.integers(-(2**62), 2**62), str: st.text(max_size=30), bool: st.booleans()}.get(
        field.type, st.just(field.default) if field.default is not msgspec.NODEFAULT else st.none()
    )


def events_of(kind):
    fields = msgspec.structs.fields(kind)
    plain = {f.name: value_of(f) for f in fields if f.default_factory is msgspec.NODEFAULT}
    return st.fixed_dictionaries(plain).map(lambda values: kind(**values))


def test_the_list_of_kinds_holds_every_event_of_the_vocabulary():
    defined = {
        value
        for value in vars(vocabulary).values()
        if isinstance(value, type) and issubclass(value, vocabulary.Event)
    }
    assert defined - {vocabulary.Event} == set(KINDS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.one_of([events_of(kind) for kind in KINDS]), max_size=8))
def test_what_is_written_is_read(tmp_path, events):
    write(tmp_path / "t", events)
    trace = read_trace(tmp_path / "t")
    assert trace.header == HEADER
    assert trace.events == tuple(events)
    assert trace.torn == ""


def test_a_trace_torn_anywhere_in_its_last_line_is_read_up_to_there(tmp_path):
    path = tmp_path / "t"
    events = [Output(n=n, t=n, host="alice", stream="stdout", line="ü" * n) for n in range(1, 4)]
    write(path, events)
    whole = path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for end in range(start + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        trace = read_trace(path)
        assert trace.events == tuple(events[:2])
        assert "torn" in trace.torn


def test_a_damaged_line_in_the_middle_is_refused_with_its_number(tmp_path):
    path = tmp_path / "t"
    write(path, [Sent(n=1, t=0, source="a", target="b", k=1, payload=b"x")] * 3)
    lines = path.read_bytes().splitlines(keepends=True)
    for damage in (b'{"event":"seen","n":1,"t":2}\n', b"garbage\n", b'{"n":1}\n', b"\xff\xfe\n"):
        path.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
        with pytest.raises(TraceFault, match=r"t:3: not an event"):
            read_trace(path)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "t:1: not the header"),
        (b"{}\n", "format 0; this version reads format 1"),
        (b'{"type":"header","format":2}\n', "format 2; this version reads format 1"),
        (b"[1]\n", "t:1: not the header"),
        (b"\x00\xff\n", "t:1: not the header"),
    ],
)
def test_another_header_is_refused(tmp_path, head, told):
    (tmp_path / "t").write_bytes(head)
    with pytest.raises(TraceFault, match=told):
        read_trace(tmp_path / "t")


def test_a_trace_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TraceFault, match="nowhere: No such file"):
        read_trace(tmp_path / "nowhere")


class FullDisk:
    closed = False

    def __init__(self, room):
        self.room = room
        self.data = b""

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.data += taken
        return len(taken)

    def close(self):
        self.closed = True


def test_a_full_disk_is_told_once_and_what_was_written_stays_readable(tmp_path):
    path = tmp_path / "t"
    writer = TraceWriter(path, HEADER)
    writer._file.close()
    disk = writer._file = FullDisk(room=100)
    for n in range(50):
        writer.write(Output(n=n, t=n, host="a", stream="stdout", line="line"))
    with pytest.raises(RigFault, match="No space left on device; what happened from here on"):
        writer.flush()
    writer.write(Output(n=51, t=51, host="a", stream="stdout", line="line"))
    writer.close()
    with path.open("ab") as file:
        file.write(disk.data)
    trace = read_trace(path)
    assert 0 < len(trace.events) < 50
    assert trace.torn


def test_a_bundle_is_opened_with_the_facts_it_was_made_with(tmp_path):
    facts = RunFacts(path="p", text="scenario: ü\n", variant="v", seed=3, lab="loopback")
    Bundle.create(tmp_path / "b", facts)
    assert Bundle.open(tmp_path / "b").facts == facts
    assert (tmp_path / "b" / "scenario.yaml").read_text(encoding="utf-8") == "scenario: ü\n"


def test_what_is_no_bundle_is_explained(tmp_path):
    with pytest.raises(TraceFault, match="there is no such folder"):
        Bundle.open(tmp_path / "nowhere")
    with pytest.raises(TraceFault, match=r"has no run.json"):
        Bundle.open(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(TraceFault, match=r"run.json: cannot be read"):
        Bundle.open(tmp_path)


def test_a_bundle_is_never_written_over_another(tmp_path):
    facts = RunFacts(path="p", text="", variant="", seed=1, lab="loopback")
    Bundle.create(tmp_path / "b", facts)
    with pytest.raises(RigFault, match="File exists"):
        Bundle.create(tmp_path / "b", facts)
