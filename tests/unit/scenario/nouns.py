"""Short ways to write the nouns of a scenario in tests of what they mean together."""

import re
from dataclasses import replace

from harness.errors import Place
from harness.scenario.document import Problems
from harness.scenario.model import (
    Anchor,
    AtMark,
    AtPattern,
    AtTime,
    Check,
    End,
    Flow,
    Host,
    HostRef,
    Kind,
    LinkFields,
    LinkRule,
    PayloadPart,
    Plain,
    Scenario,
    Send,
    Single,
    Step,
    Whose,
)
from harness.scenario.rules import check

SECOND = 1_000_000_000
FILE = "a.yaml"


def place(line=1):
    return Place(FILE, line, 1)


def ref(word):
    if word == "any":
        return HostRef(whose=Whose.ALL)
    whose, _, name = word.rpartition(" ")
    member = re.fullmatch(r"(.+)-(\d+)", name)
    if member:
        return HostRef(member[1], int(member[2]), Whose(whose or "each"))
    return HostRef(name, None, Whose(whose or "each"))


def end(word):
    name, _, port = word.partition(":")
    number = int(port) if port else None
    if re.fullmatch(r"[\d.]+", name):
        return End(port=number, address=name)
    return End(ref(name), number)


def flow(text):
    source, arrow, target = re.split(r" (<->|->) ", text)
    return Flow(end(source), end(target), both=arrow == "<->")


def sent(*flows, line=10, kind=Kind.SENT, **refinements):
    return Single(kind, place(line), flows=tuple(flow(f) for f in flows), **refinements)


def output(host, says=None, *, line=10, kind=Kind.OUTPUT, **refinements):
    return Single(kind, place(line), host=ref(host), says=says, **refinements)


def seconds(number):
    return AtTime(int(number * SECOND))


def mark(name, **more):
    return AtMark(name, place(20), **more)


def after(pattern, word="after"):
    instant = pattern if isinstance(pattern, AtMark | AtTime) else AtPattern(pattern)
    return Anchor(word, instant)


def host(name, run="python x.py", **more):
    words = tuple(run.split()) if isinstance(run, str) else run
    return Host(name, more.pop("place", place(2)), run=words, **more)


def silent(name, **more):
    return host(name, run="", **more)


def rule(text, *, line=3, **fields):
    return LinkRule(flow(text), LinkFields(**fields), place(line), text)


def plain(pattern=None, *, kind="expect", line=10, **more):
    return Plain(kind, place(line), "a check", pattern=pattern, **more)


def claim(*parts, name="claim", **more):
    return Check(name, place(9), "a check", parts, **more)


def step(action=None, *, line=5, index=0, **more):
    if "each" not in more:
        more.setdefault("at", seconds(1))
    return Step(index, place(line), "a step", action=action, **more)


def sending(text, *payload, **more):
    parts = payload or (PayloadPart("text", text="hello"),)
    return Send(flow(text), parts, **more)


def scenario(**changes):
    hosts = changes.pop("hosts", (host("server"), host("alice"), silent("pulse")))
    base = Scenario(
        path=FILE,
        claim="a claim",
        variant="",
        digest="",
        text="",
        until=seconds(60),
        hosts={each.name: each for each in hosts},
        checks=(claim(plain(sent("alice -> server"))),),
        place=place(1),
    )
    changes = {key: tuple(v) if isinstance(v, list) else v for key, v in changes.items()}
    return replace(base, **changes)


def refusals(**changes):
    """The problems of a scenario with these changes, in order of finding."""
    problems = Problems()
    check(scenario(**changes), problems)
    return problems.list


def refusal(**changes):
    """The one problem of a scenario with these changes."""
    (only,) = refusals(**changes)
    return only
