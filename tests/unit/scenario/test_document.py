from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import Place, ScenarioFault
from harness.scenario.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Items,
    Problems,
    Table,
    Text,
    parse_document,
    read_text,
)


def parsed(text: str) -> tuple[Table | None, Problems]:
    problems = Problems()
    return parse_document(text, "f.yaml", problems), problems


def value_of(text: str) -> str:
    root, problems = parsed(f"key: {text}\n")
    assert problems.list == []
    assert root is not None
    node = root.get("key")
    assert isinstance(node, Text)
    return node.value


def refusals(text: str) -> list[tuple[int, int, str]]:
    _, problems = parsed(text)
    return [(p.place.line, p.place.column, p.message) for p in problems.list]


@pytest.mark.parametrize(
    "scalar", ["no", "yes", "~", "null", "1e10", "0102", "0x1F", "1:30", "2026-01-01", ".5", "="]
)
def test_every_scalar_stays_the_text_that_was_written(scalar: str) -> None:
    assert value_of(scalar) == scalar


@pytest.mark.parametrize(
    "scalar",
    [
        "alice -> server",
        "alice <-> server:9999",
        "10s .. 11s",
        ".. 5",
        "2 ..",
        "$(server:9999)",
        "5%",
        "-2s .. 0s",
        "^(answer|timeout) $(id)",
        "any client",
    ],
)
def test_the_signs_of_the_language_need_no_quotes(scalar: str) -> None:
    assert value_of(scalar) == scalar
    root, problems = parsed(f"outer: {{key: {scalar}, other: x}}")
    assert problems.list == []
    assert root is not None
    outer = root.get("outer")
    assert isinstance(outer, Table)
    inner = outer.get("key")
    assert isinstance(inner, Text)
    assert inner.value == scalar


def test_single_quotes_keep_backslashes() -> None:
    assert value_of(r"'^ask (?P<id>\d+)'") == r"^ask (?P<id>\d+)"


def test_quotes_are_remembered() -> None:
    root, _ = parsed("a: x\nb: 'x'\nc: >-\n  x\n")
    assert root is not None
    assert [isinstance(node, Text) and node.plain for _, node in root.entries] == [
        True,
        False,
        False,
    ]


def test_a_value_that_is_not_there_is_empty_text_at_its_key() -> None:
    root, problems = parsed("a: x\nb:\nc: y\n")
    assert problems.list == []
    assert root is not None
    assert root.get("b") == Text("", Place("f.yaml", 2, 1))


def test_places_count_from_one() -> None:
    root, _ = parsed("hosts:\n  server: {run: [x, y]}\n")
    assert root is not None
    hosts = root.get("hosts")
    assert isinstance(hosts, Table)
    key, server = hosts.entries[0]
    assert (key.place.line, key.place.column) == (2, 3)
    assert isinstance(server, Table)
    run = server.get("run")
    assert isinstance(run, Items)
    assert [item.place.column for item in run.items] == [18, 21]


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("a: &x 1\n", (1, 4), "anchor"),
        ("b: 1\na: *x\n", (2, 4), "alias"),
        ("a: !!int 3\n", (1, 4), "tag"),
        ("a: ! x\n", (1, 4), "tag"),
        ("a: !python/object:os.system x\n", (1, 4), "tag"),
        ("a:\n  <<: {b: 1}\n", (2, 3), "merge key"),
        ("a: 1\nb: 2\na: 3\n", (3, 1), "repeated key"),
        ("a: 1\n---\nb: 2\n", (2, 1), "second document"),
        ("? [x]\n: 1\n", (1, 3), "a key is text"),
        ("%YAML 1.1\n---\na: 1\n", (2, 1), "directive"),
        ("%TAG ! tag:x,2026:\n---\na: 1\n", (2, 1), "directive"),
    ],
)
def test_what_yaml_offers_beyond_the_tree_is_refused_where_it_stands(
    text: str, place: tuple[int, int], word: str
) -> None:
    (line, column, message), *rest = refusals(text)
    assert (line, column) == place
    assert word in message
    assert rest == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n\tb: 1\n", 2),
        ("a: 'x\n", 2),
        ("a: [1, 2\n", 2),
        ("a: {b\n", 2),
        ("a: b: c\n", 1),
        ("a: @x\n", 1),
        ("a: `x`\n", 1),
        ("a: | x\n", 1),
        ('a: "\\q"\n', 1),
        ("a: []]\n", 1),
    ],
)
def test_what_is_no_yaml_is_refused_where_it_stands(text: str, line: int) -> None:
    (found_line, _, message), *rest = refusals(text)
    assert found_line == line
    assert "not YAML" in message
    assert rest == []


def test_a_tab_is_called_a_tab() -> None:
    assert "use spaces" in refusals("a:\n\tb: 1\n")[0][2]


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "word\n"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert len(refusals(text)) == 1
    assert parsed(text)[0] is None


@pytest.mark.parametrize("key", ["says", "text", "hex"])
def test_a_comment_behind_an_unquoted_text_is_refused(key: str) -> None:
    (line, column, message), *rest = refusals(f"a: 1\n{key}: client #3 left\n")
    assert (line, rest) == (2, [])
    assert column == len(key) + 9
    assert "comment" in message


@pytest.mark.parametrize(
    "text",
    [
        "says: 'client #3 left'\n",
        "says: client#3\n",
        "- {text: HEARTBEAT}   # 9.9 s later\n",
        "run: server   # the careful one\n",
        "says: client\n# a line of its own\n",
    ],
)
def test_other_comments_are_fine(text: str) -> None:
    root = f"list:\n{text}" if text.startswith("-") else text
    assert refusals(root) == []


def test_many_refusals_are_told_at_once() -> None:
    found = refusals("a: &x 1\nb: *x\nb: !!int 3\n")
    assert [(line, column) for line, column, _ in found] == [(1, 4), (2, 4), (3, 1), (3, 4)]


def test_billion_laughs_are_not_expanded() -> None:
    lines = ["a0: &a0 [lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    root, problems = parsed("\n".join(lines))
    assert len(problems.list) == 10 + 9 * 9
    assert root is not None


def test_deep_nesting_is_refused() -> None:
    assert "deep" in refusals("a: " + "[" * 3000)[0][2]
    assert refusals("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)) == []


def test_too_many_values_are_refused() -> None:
    assert "so many values" in refusals("a: [" + "x," * (MAX_NODES + 1) + "]")[0][2]


@pytest.mark.parametrize("sign", ["\0", "\x07", "\ufeff", "\x1b"])
def test_control_characters_are_refused_where_they_stand(sign: str) -> None:
    (line, column, message), *rest = refusals(f"a: x\nb: {sign}y\n")
    assert (line, column, rest) == (2, 4, [])
    assert "holds" in message


@pytest.mark.parametrize("escape", [r"\0", r"\ud800", r"\e", r"\U0000fffe"])
def test_escapes_that_no_text_can_hold_are_refused(escape: str) -> None:
    found = refusals(f'a: "{escape}"\n')
    assert [place[:2] for place in found] == [(1, 4)]


def test_a_repeated_key_keeps_its_first_value() -> None:
    root, _ = parsed("a: 1\na: 2\n")
    assert root is not None
    assert [node.value for _, node in root.entries if isinstance(node, Text)] == ["1"]


def test_the_nearest_word_is_offered_and_long_text_is_cut() -> None:
    problems = Problems()
    problems.add(Place("f", 1, 1), "unknown", "dealy", words=("delay", "loss"))
    problems.add(Place("f", 1, 1), "unknown", "x" * 500)
    assert problems.list[0].nearest == "delay"
    assert len(problems.list[1].found) == 80


@settings(deadline=None)
@given(st.text())
def test_arbitrary_text_gives_a_tree_or_problems(text: str) -> None:
    root, problems = parsed(text)
    assert root is not None or problems.list


YAMLISH = st.lists(
    st.sampled_from(
        ["a", "b:", ": ", "\n", "  ", "- ", "{", "}", "[", "]", ",", "'", '"', "#", "&x ", "*x",
         "!t ", "|", ">", "? ", "---\n", "...\n", "%YAML 1.2\n", "\\U99999999", "\t", "<<: ", "\u2028"]
    )
)  # fmt: skip


@settings(deadline=None)
@given(YAMLISH)
def test_text_that_is_nearly_yaml_gives_a_tree_or_problems(pieces: list[str]) -> None:
    root, problems = parsed("".join(pieces))
    assert root is not None or problems.list


def fault_of(path: Path) -> str:
    with pytest.raises(ScenarioFault) as caught:
        read_text(path)
    (problem,) = caught.value.problems
    assert problem.place.file == str(path)
    return f"{problem.place.line}:{problem.place.column} {problem.message}"


def test_a_file_is_read_as_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: grüß\r\n".encode())
    assert read_text(path) == "a: grüß\r\n"


def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: x\nb: gr\xfc\xdf\n")
    assert fault_of(tmp_path / "latin.yaml").startswith("2:6 the file is not UTF-8")
    assert "this is no file" in fault_of(tmp_path)
    assert "No such file" in fault_of(tmp_path / "absent.yaml")
    assert "cannot read" in fault_of(tmp_path / "nul\0.yaml")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "too large" in fault_of(path)
    assert "too large" in refusals("#" * (MAX_BYTES + 1))[0][2]
