"""What is refused about $(…) in commands, payloads and patterns."""

import pytest
from nouns import (
    after,
    claim,
    host,
    mark,
    output,
    plain,
    refusal,
    refusals,
    sending,
    sent,
    silent,
    step,
)

from harness.scenario.model import AtPattern, During, Either, Measure, PayloadPart, Sequence
from harness.scenario.rules_names import groups_in

SERVER = host("server")
CLIENT = host("client", count=3)
HOSTS = (SERVER, CLIENT, silent("pulse"))
CHECKS = [claim(plain(sent("client -> server")))]


def running(text, name="alice", **more):
    found = refusals(hosts=(*HOSTS, host(name, text, **more)), checks=CHECKS)
    return found[0] if len(found) == 1 else found


def saying(says, **more):
    found = refusals(hosts=HOSTS, checks=[claim(plain(output("client", says, line=17), **more))])
    return found[0] if len(found) == 1 else found


@pytest.mark.parametrize(
    "word",
    ["$(server)", "$(server:9)", "$(server:9.host)", "$(self:9.port)", "$(self.name)",
     "$(client-2:9)", "$(pulse)", "$(server.name)", "$$(nothing)"],
)  # fmt: skip
def test_names_that_mean_something_in_a_command(word):
    assert running(f"x {word}") == []


@pytest.mark.parametrize(
    ("word", "message", "found", "nearest"),
    [
        ("$(sever:9)", "nothing defines", "sever", "server"),
        ("$(client-4:9)", "nothing defines", "client-4", "client-3"),
        ("$(server:9.hst)", "no such field", "hst", "host"),
        ("$(server:9.name)", "no such field", "name", ""),
        ("$(server.host)", "no such field", "host", ""),
        ("$(client:9)", "a whole group", "$(client:9)", ""),
        ("$(other client)", "a whole group", "$(other client)", ""),
        ("$(server.port)", "no port of server has been seen", "$(server.port)", ""),
        ("$(self.index)", "no member of a group", "$(self.index)", ""),
        ("$(server:)", "no name", "$(server:)", ""),
        ("$(server", "not closed", "$(server", ""),
    ],
)
def test_names_that_mean_nothing_in_a_command(word, message, found, nearest):
    problem = running(("x", word))
    assert message in problem.message
    assert (problem.found, problem.nearest) == (found, nearest)
    assert problem.accepted


def test_members_of_a_group_may_ask_for_their_number():
    assert running("x $(self.index) $(self.name) $(self:9)", "peer", count=2) == []


def test_the_environment_and_ready_are_read_too():
    assert running("x", env={"A": "$(nobody)"}).found == "nobody"


@pytest.mark.parametrize(
    "says",
    ["$(client)", "$(server:9)", "$(client.port) $(client.name) $(client.index)", "$(self)",
     "(?P<id>x) y", "cost$"],
)  # fmt: skip
def test_names_that_mean_something_in_a_pattern(says):
    assert saying(says) == []


@pytest.mark.parametrize(
    ("says", "message", "found"),
    [
        ("$(id)", "nothing earlier binds", "id"),
        ("(?P<id>x) $(id)", "nothing earlier binds", "id"),
        ("$(client.nam)", "no such field", "nam"),
        ("$(server.index)", "no member of a group", "$(server.index)"),
        ("$(other server)", "is no group", "$(other server)"),
        ("(?P<server>x)", "called like a host", "server"),
        ("(?P<self>x)", "called like a host", "self"),
    ],
)
def test_names_that_mean_nothing_in_a_pattern(says, message, found):
    problem = saying(says)
    assert message in problem.message
    assert (problem.found, problem.place.line) == (found, 17)


def test_an_anchor_binds_for_what_follows():
    asks = output("client", r"^ask (?P<id>\d+)")
    assert saying("answer $(id)", anchor=after(asks, "each")) == []
    assert saying("answer", anchor=after(asks), unless=output("client", "no $(id)")) == []
    assert saying("answer $(ids)", anchor=after(asks, "each")).nearest == "id"
    assert saying("answer $(id)", anchor=after(mark("m")))[0].found in ("id", "m")


def test_what_is_expected_does_not_bind_for_unless():
    problem = saying("(?P<id>x)", unless=output("client", "$(id)"))
    assert problem.found == "id"


def sequence(*patterns):
    return Sequence(patterns, patterns[0].place)


def test_a_sequence_binds_from_left_to_right():
    first, then = output("client", "(?P<id>x)"), output("client", "$(id)")
    good = claim(plain(sequence(first, then)))
    assert refusals(hosts=HOSTS, checks=[good]) == []
    bad = claim(plain(sequence(then, first)))
    assert refusal(hosts=HOSTS, checks=[bad]).found == "id"


def test_any_side_of_either_binds():
    one, two = output("client", "a (?P<id>x)"), output("client", "b (?P<id>x)")
    either = Either((one, two), one.place)
    assert saying("$(id)", anchor=after(either, "each")) == []


def test_a_measure_of_time_pairs_by_its_groups():
    ask, answer = output("client", "(?P<id>x)"), output("client", "$(id)")
    good = plain(kind="measure", measure=Measure("time", pattern=ask, to=answer), bounds=1)
    assert refusals(hosts=HOSTS, checks=[claim(good)]) == []
    bad = plain(kind="measure", measure=Measure("share", pattern=ask, per=answer), bounds=1)
    assert refusal(hosts=HOSTS, checks=[claim(bad)]).found == "id"


def test_during_and_until_bind_nothing():
    bound = output("client", "$(id)")
    assert saying("x", during=During(start=AtPattern(bound))).found == "id"
    found = refusal(hosts=HOSTS, checks=CHECKS, until=AtPattern(bound))
    assert found.found == "id"


def test_a_datagram_has_no_self():
    part = plain(sent("client -> server", says="$(self)"))
    assert "nobody is $(self)" in refusal(hosts=HOSTS, checks=[claim(part)]).message


def payload(text, **more):
    action = sending("pulse -> server:9", PayloadPart("text", text=text))
    return refusals(hosts=HOSTS, checks=CHECKS, timeline=[step(action, line=31, **more)])


def test_names_in_a_payload():
    assert payload("I am $(self), you are $(server:9) and $(client-1)") == []
    assert payload("$(nobody)")[0].place.line == 31
    assert "which client" in payload("$(client.name)")[0].message
    assert payload("$(client.name)", each=output("client", "x")) == []


@pytest.mark.parametrize(
    ("says", "groups"),
    [
        (r"(?P<a>x)(?P<b>y)", {"a", "b"}),
        (r"\(?P<a>x", set()),
        (r"\\(?P<a>x)", {"a"}),
        (None, set()),
    ],
)
def test_named_groups_of_an_expression(says, groups):
    assert groups_in(says) == groups
