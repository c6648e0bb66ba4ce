"""The grammar of $(…)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.names import (
    MalformedNameError,
    Name,
    escaped,
    names_of,
    parse_names,
    put_in,
    substitute,
)


def bare(name):
    return (name.base, name.other, name.port, name.field)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(server)", ("server", False, None, "")),
        ("$(server:9999)", ("server", False, 9999, "")),
        ("$(server:9999.host)", ("server", False, 9999, "host")),
        ("$(self:53.port)", ("self", False, 53, "port")),
        ("$(client.port)", ("client", False, None, "port")),
        ("$(client-3.index)", ("client-3", False, None, "index")),
        ("$(other client)", ("client", True, None, "")),
        ("$(other client.name)", ("client", True, None, "name")),
        ("$(expire.s)", ("expire", False, None, "s")),
        ("$(case.loss.ratio)", ("case", False, None, "loss.ratio")),
        ("$( id )", ("id", False, None, "")),
    ],
)
def test_each_form_of_a_name_is_read(text, expected):
    (name,) = parse_names(text)
    assert bare(name) == expected
    assert name.text == text


def test_text_around_names_is_kept_and_joined():
    assert parse_names("a $$(b) $(c)d") == ("a $(b) ", Name("c", text="$(c)"), "d")


def test_a_dollar_without_parenthesis_is_text():
    assert parse_names("^cost 5$ or $5") == ("^cost 5$ or $5",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x $(server", "$(server"),
        ("$()", "$()"),
        ("$(a b)", "$(a b)"),
        ("$(a:)", "$(a:)"),
        ("$(a:1:2)", "$(a:1:2)"),
        ("$(a.)", "$(a.)"),
        ("$(a:65536)", "$(a:65536)"),
        ("$(a:0)", "$(a:0)"),
        ("$(ä)", "$(ä)"),
    ],
)
def test_what_is_no_name_is_refused_with_what_is_accepted(text, found):
    with pytest.raises(MalformedNameError) as caught:
        parse_names(text)
    assert caught.value.found == found
    assert caught.value.accepted


def test_substitute_undoes_escapes_and_leaves_unknown_names():
    values = {"a": "1"}
    result = substitute("$(a) $(b) $$(a)", lambda name: values.get(name.base))
    assert result == "1 $(b) $(a)"


def test_put_in_leaves_escapes_for_a_later_stage():
    values = {"a": "1"}
    once = put_in("$(a) $(b) $$(a)", lambda name: values.get(name.base))
    assert once == "1 $(b) $$(a)"
    assert substitute(once, lambda name: "2") == "1 2 $(a)"


def test_a_value_is_not_read_again():
    assert substitute("$(a)", lambda name: "$(a)$$(") == "$(a)$$("


def test_names_of_several_texts_stand_in_order():
    assert [name.base for name in names_of(("$(b) $(a)", "x", "$(c)"))] == ["b", "a", "c"]


WORDS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,8}", fullmatch=True)
NAMES = st.builds(
    Name,
    base=WORDS.filter(lambda word: word != "other"),
    other=st.booleans(),
    port=st.none() | st.integers(1, 65535),
    field=st.lists(WORDS, max_size=2).map(".".join),
)


@given(NAMES)
def test_a_name_is_read_back_as_it_was_written(name):
    (again,) = parse_names(str(name))
    assert bare(again) == bare(name)


@given(st.text(alphabet="$(a)x. :"), NAMES)
def test_an_escaped_text_stays_literal_beside_a_name(text, name):
    if text.endswith("$"):
        text += "x"
    assert substitute(escaped(text) + str(name), lambda _: "<>") == text + "<>"


@given(st.text(alphabet="$(a)b:. other1", max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        parts = parse_names(text)
    except MalformedNameError:
        return
    assert all(a or isinstance(a, Name) for a in parts)
