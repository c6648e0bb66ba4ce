"""Small pieces of scenario text to nodes, and readers over them, for the tests of readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from harness.errors import Problem
from harness.scenario.document import Node, Problems, parse_document
from harness.scenario.reading import Reading

T = TypeVar("T")
HOSTS: dict[str, int | None] = {"alice": None, "server": None, "client": 3}


def node(text: str) -> Node:
    """The node of one value in flow style."""
    problems = Problems()
    root = parse_document(f"value: {text}\n", "piece.yaml", problems)
    assert root is not None, problems.list
    assert problems.list == []
    found = root.get("value")
    assert found is not None
    return found


def read(
    reader: Callable[[Reading, Node], T], text: str, folder: Path = Path()
) -> tuple[T, list[Problem]]:
    """What a reader makes of a value, and what it finds wrong with it."""
    problems = Problems()
    value = reader(Reading(problems, HOSTS, folder), node(text))
    return value, problems.list


def good(reader: Callable[[Reading, Node], T], text: str, folder: Path = Path()) -> T:
    """What a reader makes of a value with which nothing is wrong."""
    value, problems = read(reader, text, folder)
    assert problems == []
    return value


def bad(reader: Callable[[Reading, Node], object], text: str, folder: Path = Path()) -> Problem:
    """The one mistake in a value."""
    _, problems = read(reader, text, folder)
    assert len(problems) == 1, problems
    return problems[0]
