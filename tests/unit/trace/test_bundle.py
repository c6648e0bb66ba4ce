"""The folder of a run: opened with the facts it was made with, or explained."""

import json

import msgspec
import pytest
from happenings import HEADER, output

from harness.errors import RigFault, TraceFault
from harness.trace.bundle import VERDICT, Bundle, RunFacts
from harness.trace.events import Output

FACTS = RunFacts(
    path="dir/s.yaml",
    text="scenario: ü\r\n",
    seed=3,
    lab="loopback",
    variant="loss=10%",
    overrides={"loss": "10%"},
    mutant="worse",
    edits={"/a/server.py": "print(1)\n", "/b/server.py": "print('ü')\n"},
    began="2026-01-01T00:00:00.000Z",
    machine="m",
    command=("harness", "run"),
)


def made(tmp_path, facts=FACTS, events=()):
    bundle = Bundle.create(tmp_path / "b", facts)
    with bundle.writer(HEADER) as writer:
        for event in events:
            writer.write(event)
    return bundle


def test_a_bundle_is_opened_with_the_facts_it_was_made_with(tmp_path):
    made(tmp_path, events=[output(1, "hello")])
    bundle = Bundle.open(tmp_path / "b")
    assert bundle.facts == FACTS
    assert bundle.trace().events == (output(1, "hello"),)
    assert (tmp_path / "b" / "scenario.yaml").read_bytes() == "scenario: ü\r\n".encode()


def test_a_mutants_programs_stand_in_the_bundle(tmp_path):
    made(tmp_path)
    texts = {path.read_text() for path in (tmp_path / "b" / "programs").iterdir()}
    assert texts == set(FACTS.edits.values())


def test_the_facts_hold_no_text_and_no_verdict(tmp_path):
    made(tmp_path)
    saved = json.loads((tmp_path / "b" / "run.json").read_text())
    assert saved["bundle"] == 1
    assert not {"text", "edits", "outcome", "verdict"} & set(saved)


def test_what_is_no_bundle_is_explained(tmp_path):
    with pytest.raises(TraceFault, match="it does not exist"):
        Bundle.open(tmp_path / "nowhere")
    with pytest.raises(TraceFault, match=r"run.json, scenario.yaml, trace.jsonl missing"):
        Bundle.open(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(TraceFault, match="it is a file, not a folder"):
        Bundle.open(tmp_path / "file")


def test_a_bundle_without_its_trace_is_told(tmp_path):
    made(tmp_path)
    (tmp_path / "b" / "trace.jsonl").unlink()
    with pytest.raises(TraceFault, match=r"no bundle of a run: trace.jsonl missing"):
        Bundle.open(tmp_path / "b")


def test_a_folder_of_bundles_names_one(tmp_path):
    made(tmp_path)
    with pytest.raises(TraceFault, match="it holds 1 of them; name one, such as b"):
        Bundle.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}", "damaged"), ("\x00", "damaged"), ('{"bundle": 2, "path": "", "seed": 1, "lab": ""}', "format 2")],
)
def test_damaged_facts_are_told(tmp_path, text, told):
    made(tmp_path)
    (tmp_path / "b" / "run.json").write_text(text)
    with pytest.raises(TraceFault, match=rf"run.json: .*{told}"):
        Bundle.open(tmp_path / "b")


def test_facts_cannot_reach_outside_the_bundle(tmp_path):
    made(tmp_path)
    run = tmp_path / "b" / "run.json"
    saved = json.loads(run.read_text()) | {"programs": {"../scenario.yaml": "/a/server.py"}}
    run.write_text(json.dumps(saved))
    with pytest.raises(TraceFault, match="no file name"):
        Bundle.open(tmp_path / "b")


def test_a_bundle_is_never_written_over_another(tmp_path):
    made(tmp_path)
    with pytest.raises(RigFault, match="File exists"):
        Bundle.create(tmp_path / "b", FACTS)


def test_each_hosts_output_has_a_file_for_each_stream(tmp_path):
    events = (
        output(1, "one"),
        Output(n=2, t=2, host="server", stream="stderr", line="oops"),
        output(3, "two", cut=5),
        output(4, "three", partial=True),
        output(5, "other", host="../alice"),
    )
    bundle = made(tmp_path, events=events)
    bundle.write_output(bundle.trace())
    texts = {path.name: path.read_text() for path in (tmp_path / "b" / "output").iterdir()}
    assert texts == {
        "server.stdout": "one\ntwo… 5 bytes left out\nthree",
        "server.stderr": "oops\n",
        "___alice.stdout": "other\n",
    }


def test_what_cannot_be_written_is_named(tmp_path):
    bundle = made(tmp_path)
    (tmp_path / "b" / VERDICT).mkdir()
    with pytest.raises(RigFault, match=r"verdict.json: cannot write the bundle: Is a directory"):
        bundle.write(VERDICT, "{}")


def test_facts_of_an_older_hand_may_leave_out_what_has_a_default(tmp_path):
    made(tmp_path)
    least = {"bundle": 1, "path": "p", "seed": 1, "lab": "loopback", "version": "0"}
    (tmp_path / "b" / "run.json").write_text(json.dumps(least))
    facts = Bundle.open(tmp_path / "b").facts
    assert msgspec.structs.asdict(facts)["overrides"] == {}


def test_a_bundle_stays_readable_when_the_link_to_the_newest_moves(tmp_path):
    made(tmp_path, events=[output(1, "hello")])
    (tmp_path / "latest").symlink_to("b")
    bundle = Bundle.open(tmp_path / "latest")
    (tmp_path / "latest").unlink()
    assert len(bundle.trace().events) == 1
