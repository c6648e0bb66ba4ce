"""Params put in, and the variants that lists make."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Place
from harness.scenario.bare_numbers import bare_number
from harness.scenario.document import Items, Problems, Table, Text
from harness.scenario.variants import MAX_VARIANTS, plain_value, variants

HERE = Place("a.yaml", 1, 1)


def node(value):
    if isinstance(value, dict):
        entries = tuple((Text(key, HERE), node(inner)) for key, inner in value.items())
        return Table(entries, HERE)
    if isinstance(value, list):
        return Items(tuple(node(item) for item in value), HERE)
    return Text(value, HERE)


def expand(tree, **overrides):
    problems = Problems()
    found = variants(node(tree), overrides, problems)
    assert problems.list == []
    return [(label, params, plain_value(table)) for label, params, table in found]


def mistakes(tree, **overrides):
    problems = Problems()
    variants(node(tree), overrides, problems)
    return problems.list


def test_without_params_there_is_one_variant_and_the_tree_is_as_it_was():
    tree = {"scenario": "x", "hosts": {"a": {"run": "p $(a:1) $$(x)"}}}
    assert expand(tree) == [("", {}, tree)]


def test_lists_make_every_combination_in_the_order_of_the_file():
    tree = {"params": {"loss": ["0%", "10%"], "fix": "1", "delay": ["1ms", "2ms"]}, "x": "$(loss)"}
    found = expand(tree)
    assert [label for label, _, _ in found] == [
        "loss=0% delay=1ms",
        "loss=0% delay=2ms",
        "loss=10% delay=1ms",
        "loss=10% delay=2ms",
    ]
    assert [tree["x"] for _, _, tree in found] == ["0%", "0%", "10%", "10%"]
    assert found[3][1] == {"loss": "10%", "fix": "1", "delay": "2ms"}


def test_a_list_of_mappings_is_a_table_of_rows():
    rows = [{"loss": "0%", "tries": "1"}, {"loss": "20%", "tries": "4"}]
    found = expand({"params": {"case": rows}, "x": "$(case.loss) in $(case.tries)"})
    assert [tree["x"] for _, _, tree in found] == ["0% in 1", "20% in 4"]
    assert [label for label, _, _ in found] == [
        "case={loss: 0%, tries: 1}",
        "case={loss: 20%, tries: 4}",
    ]


def test_params_are_put_into_keys_and_into_mutants():
    tree = {"params": {"who": "b"}, "links": {"a -> $(who)": "x"}, "mutants": {"m": {"y": "$(who)"}}}
    ((_, _, filled),) = expand(tree)
    assert filled == {"links": {"a -> b": "x"}, "mutants": {"m": {"y": "b"}}}


def test_a_value_that_is_one_name_takes_the_param_whole():
    line = {"delay": "20ms", "loss": {"packets": ["1", "3"]}}
    ((_, _, filled),) = expand(
        {"params": {"line": line}, "links": {"any -> any": "$(line)", "a -> b": "$(line.loss)"}}
    )
    assert filled == {"links": {"any -> any": line, "a -> b": {"packets": ["1", "3"]}}}


def test_names_of_hosts_and_groups_are_left_for_later():
    tree = {"params": {"n": "1"}, "x": "$(server:9) $(id) $(n) $$(n)"}
    ((_, _, filled),) = expand(tree)
    assert filled["x"] == "$(server:9) $(id) 1 $$(n)"


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("10s", "s", "10"),
        ("1m30s", "s", "90"),
        ("1500ms", "s", "1.5"),
        ("1ns", "s", "0.000000001"),
        ("2s", "ms", "2000"),
        ("64KiB", "B", "65536"),
        ("5%", "ratio", "0.05"),
        ("100%", "ratio", "1"),
        ("0s", "s", "0"),
        ("-2s", "s", "-2"),
    ],
)
def test_bare_numbers_are_exact(text, unit, number):
    assert bare_number(text, unit) == number
    ((_, _, filled),) = expand({"params": {"p": text}, "x": f"--n=$(p.{unit})"})
    assert filled["x"] == f"--n={number}"


def test_a_field_of_a_row_has_a_bare_number_too():
    ((_, _, filled),) = expand({"params": {"case": {"wait": "500ms"}}, "x": "$(case.wait.s)"})
    assert filled["x"] == "0.5"


def test_a_command_is_split_before_params_are_put_in():
    tree = {
        "params": {"words": "two words", "n": "1"},
        "hosts": {"a": {"run": "p '$(words) x' $(words) $(a:9) $(n)"}},
        "mutants": {"m": {"hosts": {"a": {"run": "q $(words)"}}}},
    }
    ((_, _, filled),) = expand(tree)
    assert filled["hosts"]["a"]["run"] == ["p", "two words x", "two words", "$(a:9)", "1"]
    assert filled["mutants"]["m"]["hosts"]["a"]["run"] == ["q", "two words"]


def test_a_whole_command_as_param_is_split_like_one():
    ((_, _, filled),) = expand({"params": {"c": "p a b"}, "hosts": {"a": {"run": "$(c)"}}})
    assert filled["hosts"]["a"]["run"] == "p a b"


def test_prose_and_program_text_are_left_alone():
    tree = {
        "params": {"n": "1"},
        "about": "it costs $( much",
        "mutants": {"m": {"edit": {"x.sh": ["$(date +%s)", "$(n)"]}}},
    }
    ((_, _, filled),) = expand(tree)
    assert filled["about"] == "it costs $( much"
    assert filled["mutants"]["m"]["edit"]["x.sh"] == ["$(date +%s)", "$(n)"]


def test_set_fixes_a_list_and_leaves_no_label():
    found = expand({"params": {"loss": ["0%", "1%"]}, "x": "$(loss)"}, loss="7%")
    assert found == [("", {"loss": "7%"}, {"x": "7%"})]


@pytest.mark.parametrize(
    ("tree", "message", "found", "nearest"),
    [
        ({"params": "x"}, "params is a mapping", "", ""),
        ({"params": {"p": []}}, "has no values", "[]", ""),
        ({"params": {"p": [["1"]]}}, "a list in the list", "", ""),
        ({"params": {"a": "1"}, "hosts": {"a": {}}}, "called like a host", "a", ""),
        ({"params": {"c-2": "1"}, "hosts": {"c": {"count": "3"}}}, "called like a host", "c-2", ""),
        ({"params": {"self": "1"}}, "called like a host", "self", ""),
        ({"params": {"9 lives": "1"}}, "no name for a param", "9 lives", ""),
        ({"params": {"p": {"loss": "1"}}, "x": "$(p.los)"}, "no field", "los", "loss"),
        ({"params": {"p": "10s"}, "x": "$(p.m)"}, "no field", "m", "ms"),
        ({"params": {"p": "10"}, "x": "$(p.s)"}, "lacks its unit", "10", ""),
        ({"params": {"p": "5%"}, "x": "a $(p.s)"}, "bare number", "5%", ""),
        ({"params": {"p": {"a": "1"}}, "x": "a $(p)"}, "inside a text", "$(p)", ""),
        ({"params": {"p": "1"}, "x": "$(p:9)"}, "is a param", "$(p:9)", ""),
        ({"params": {"p": "1"}, "x": "$(p"}, "not closed", "$(p", ""),
        ({"x": "$(a b)"}, "no name", "$(a b)", ""),
    ],
)
def test_what_is_wrong_with_params_is_said(tree, message, found, nearest):
    (problem,) = mistakes(tree)
    assert message in problem.message
    assert (problem.found, problem.nearest) == (found, nearest)
    assert problem.place == HERE


def test_set_of_an_unknown_param_names_the_nearest():
    (problem,) = mistakes({"params": {"expire": "1s"}}, expires="2s")
    assert (problem.found, problem.nearest) == ("expires", "expire")


def test_set_cannot_replace_a_mapping():
    (problem,) = mistakes({"params": {"case": [{"a": "1"}]}}, case="2")
    assert "has fields" in problem.message


def test_too_many_variants_are_refused_before_they_are_made():
    wide = [str(number) for number in range(100)]
    (problem,) = mistakes({"params": {"a": wide, "b": wide, "c": wide, "d": wide}})
    assert problem.found == str(100**4)
    assert str(MAX_VARIANTS) in problem.accepted


VALUES = st.lists(st.text("ab%", min_size=1, max_size=3), min_size=1, max_size=3)


@given(st.dictionaries(st.sampled_from("pqr"), VALUES, max_size=3))
def test_the_variants_are_the_product_of_the_lists(lists):
    found = expand({"params": lists, "x": [f"$({name})" for name in lists]})
    assert [tree["x"] for _, _, tree in found] == [
        list(row) for row in itertools.product(*lists.values())
    ]
    assert all(tree["x"] == list(params.values()) for _, params, tree in found)
