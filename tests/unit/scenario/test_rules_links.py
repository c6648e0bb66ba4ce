"""Which link rules contradict each other."""

from fractions import Fraction

import pytest
from nouns import host, refusal, refusals, rule, step

from harness.scenario.model import LinkChange

HOSTS = (host("server"), host("alice"), host("client", count=3))


def links(*rules):
    return refusals(hosts=HOSTS, links=list(rules))


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("alice -> any", "any -> server"),
        ("alice -> server", "alice -> server"),
        ("alice <-> server", "server -> alice"),
        ("any:9 -> any", "alice -> any"),
        ("client -> server", "any client -> server"),
        ("any -> server:9", "alice -> server"),
    ],
)
def test_rules_of_which_none_is_narrower_may_not_differ(one, another):
    first, second = rule(one, delay_ns=1, line=3), rule(another, delay_ns=2, line=4)
    (problem,) = links(first, second)
    assert problem.place.line == 4
    assert problem.found == another
    assert f"line 3 ({one})" in problem.message
    assert "delay" in problem.accepted
    assert links(first, rule(another, delay_ns=1, line=4)) == []
    assert links(first, rule(another, loss=Fraction(0), line=4)) == []


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("any -> any", "alice -> any"),
        ("client -> server", "client-2 -> server"),
        ("alice -> server", "client -> server"),
        ("alice -> server:1", "alice -> server:2"),
        ("alice -> server", "alice -> server:2"),
        ("alice <-> server", "client <-> server"),
        ("any -> any", "alice <-> server"),
    ],
)
def test_rules_that_are_ordered_or_apart_may_differ(one, another):
    assert links(rule(one, delay_ns=1), rule(another, delay_ns=2)) == []


def test_every_field_that_differs_is_named():
    (problem,) = links(
        rule("alice -> any", delay_ns=1, mtu_bytes=1, rate_bps=5),
        rule("any -> server", delay_ns=2, mtu_bytes=2, rate_bps=5),
    )
    assert "the same delay, mtu in both" in problem.accepted


def test_the_rules_of_a_step_are_held_to_it_among_themselves():
    rules = (rule("alice -> any", delay_ns=1), rule("any -> server", delay_ns=2, line=8))
    assert refusal(hosts=HOSTS, timeline=[step(LinkChange(rules))]).place.line == 8
    steps = [step(LinkChange((each,)), index=n) for n, each in enumerate(rules)]
    assert refusals(hosts=HOSTS, timeline=steps) == []
