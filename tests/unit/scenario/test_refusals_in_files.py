"""What the language refuses, as a user meets it: a file, and the line that is told."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ScenarioFault
from harness.scenario.loader import load, loads

ROOT = Path(__file__).parents[3]
SCENARIOS = sorted((ROOT / "scenarios").glob("*/*.yaml"))

BASE = """\
scenario: a claim
until: 60s
hosts:
  server: {run: python server.py $(self:9999)}
  client: {run: python client.py $(server:9999), count: 3}
  pulse: {}
links:
  any -> any: {delay: 20ms}
timeline:
  - {at: 10s, cut: client -> server, for: 5s, mark: outage}
checks:
  it answers: {each: {sent: client -> server}, expect: {sent: server -> client}, within: 1s}
mutants:
  never answers:
    hosts: {server: {run: python naive.py $(self:9999)}}
    breaks: [it answers]
"""


def faults(text):
    with pytest.raises(ScenarioFault) as caught:
        loads(text, "a.yaml")
    return [str(problem) for problem in caught.value.problems]


def replaced(*pairs):
    text = BASE
    for old, new in pairs:
        assert text.count(old) >= 1
        text = text.replace(old, new)
    return text


def test_the_base_is_accepted():
    (scenario,) = loads(BASE, "a.yaml")
    assert scenario.claim == "a claim"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_shipped_scenarios_are_accepted(path):
    assert load(path)


CHECK = "expect: {sent: server -> client}, within: 1s"
STEP = "cut: client -> server, for: 5s, mark: outage"


@pytest.mark.parametrize(
    ("line", "told", "nearest", "pairs"),
    [
        (12, "no host is called so", "server", [("{sent: server ->", "{sent: sever ->")]),
        (12, "client has no such member", "", [(CHECK, "expect: {output: client-4}")]),
        (8, "no host is called so", "server", [("any -> any", "any -> sever")]),
        (10, "no host is called so", "client", [("cut: client", "cut: clint")]),
        (12, "no step has this mark", "outage",
         [("each: {sent: client -> server}", "after: outrage.end")]),
        (5, "a name that nothing defines", "server", [("$(server:9999)", "$(sever:9999)")]),
        (12, "nothing earlier binds", "", [(CHECK, "expect: {output: client, says: $(id)}")]),
        (10, "the step lies beyond until", "", [("at: 10s", "at: 61s")]),
        (10, "the step's end lies beyond until", "", [("for: 5s", "for: 51s")]),
        (12, "the window lies beyond until", "", [("within: 1s", "within: 61s")]),
        (12, "unless on a window that looks back", "",
         [("within: 1s", "within: -1s .. 0s, unless: {exit: server}")]),
        (12, "during beside within without an anchor word", "",
         [("each: {sent: client -> server}, ", ""), ("within: 1s", "within: 1s, during: 1s ..")]),
        (12, "outage repeats, and after means one instant", "",
         [("at: 10s", "at: 10s, every: 8s, times: 3"),
          ("each: {sent: client -> server}", "after: outage")]),
        (10, "server runs a program", "", [(STEP, "send: server -> client, text: hello")]),
        (10, "pulse does not see what copy takes", "",
         [("at: 10s", "each: {sent: client -> server}"),
          (STEP, "send: pulse -> server:9999, copy: 0 ..")]),
        (9, "contradict", "",
         [("any -> any: {delay: 20ms}",
           "client -> any: {delay: 20ms}\n  any -> server: {delay: 10ms}")]),
        (12, "no outcome of 1 seeds proves this share", "",
         [("within: 1s", "within: 1s, holds: 95% ..")]),
        (12, "pulse runs no program", "", [(CHECK, "expect: {output: pulse}")]),
        (10, "rebind cannot be undone", "", [(STEP, "rebind: client, for: 3s")]),
        (10, "times without every or each", "", [("for: 5s", "for: 5s, times: 3")]),
        (16, "breaks names no check", "it answers", [("breaks: [it answers]", "breaks: [it answer]")]),
        (15, "nothing defines", "", [("naive.py $(self:9999)", "naive.py $(nobody)")]),
        (6, "runs no program, so ready means nothing", "", [("pulse: {}", "pulse: {ready: started}")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(line, told, nearest, pairs):
    found = faults(replaced(*pairs))
    matching = [each for each in found if told in each]
    assert len(matching) == 1, found
    assert re.match(rf"a\.yaml:{line}:\d+: ", matching[0])
    assert not nearest or f"did you mean '{nearest}'" in matching[0]
    assert len(found) == 1, found


def test_several_mistakes_are_told_at_once_and_in_the_order_of_the_file():
    found = faults(
        replaced(
            ("$(server:9999)", "$(sever:9999)"),
            ("any -> any", "any -> nobody"),
            ("at: 10s", "at: 61s"),
            ("within: 1s", "within: 61s"),
            ("[it answers]", "[it answer]"),
        )
    )
    lines = [int(each.split(":")[1]) for each in found]
    assert lines == [5, 8, 10, 12, 16]


def test_each_variant_is_held_to_the_rules():
    text = replaced(("until: 60s", "until: 60s\nparams: {at: [10s, 61s]}"), ("at: 10s", "at: $(at)"))
    (fault,) = faults(text)
    assert "the step lies beyond until" in fault


def test_set_can_mend_and_break_a_variant():
    text = replaced(("until: 60s", "until: 60s\nparams: {at: 61s}"), ("at: 10s", "at: $(at)"))
    assert loads(text, "a.yaml", {"at": "10s"})
    with pytest.raises(ScenarioFault, match="--set names no param"):
        loads(text, "a.yaml", {"att": "10s"})


TOKEN = re.compile(r"[^\s{},\[\]]+|[{}\[\],]")
ODD = ("$(x)", "$(", "any", "other client", "client-99", "outage-3.end", "99h", "..", "->", "[1]",
       "{}", "'", "é", "$(self)", "(?P<id>x)", "0", "-1s", "~", "1e9", "&a", "*a")  # fmt: skip


@given(st.data())
def test_a_file_with_a_word_exchanged_is_accepted_or_refused_with_its_place(data):
    spots = list(TOKEN.finditer(BASE))
    spot = data.draw(st.sampled_from(spots))
    word = data.draw(st.sampled_from(ODD) | st.sampled_from([each.group() for each in spots]))
    problems = mistakes(BASE[: spot.start()] + word + BASE[spot.end() :])
    assert all(problem.message and problem.place.line >= 1 for problem in problems)


def mistakes(text):
    try:
        loads(text, "a.yaml")
    except ScenarioFault as fault:
        return fault.problems
    return ()
