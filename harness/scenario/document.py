"""A scenario's text as a tree of nodes, each with its place; YAML's traps are refused here.

YAML 1.2 (https://yaml.org/spec/1.2.2) is read as a stream of events, so an alias is refused when
it is seen, before anything could be expanded. Every scalar stays the text that was written: types
belong to the language, not to YAML. This file knows no key of the language but those whose
unquoted value may not be followed by a comment.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from harness.errors import Place, Problem, ScenarioFault

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 40
MAX_NODES: Final = 50_000
UNCOMMENTED: Final = frozenset({"says", "text", "hex"})
"""Behind the unquoted value of these a comment is refused: ``says: client #3`` loses its end."""


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar; ``plain`` when it stood without quotes."""

    value: str
    place: Place
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order of the file."""

    entries: tuple[tuple[Text, Node], ...]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key, None when it is not there."""
        return next((value for name, value in self.entries if name.value == key), None)


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    items: tuple[Node, ...]
    place: Place


Node = Text | Table | Items


class Problems:
    """Collects every mistake of a file."""

    def __init__(self) -> None:
        self.list: list[Problem] = []

    def add(
        self,
        place: Place,
        message: str,
        found: str = "",
        accepted: str = "",
        words: Iterable[str] = (),
    ) -> None:
        """Note a mistake; ``words`` are valid ones, of which the nearest is offered."""
        near = difflib.get_close_matches(found, list(words), 1, 0.6) if found else []
        problem = Problem(place, message, _short(found), accepted, near[0] if near else "")
        if problem not in self.list:
            self.list.append(problem)


def _short(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= 80 else line[:79] + "…"


def read_text(path: Path) -> str:
    """The text of a scenario file. Raises ScenarioFault for what cannot be one."""
    start = Place(str(path), 1, 1)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise _fault(start, "this is no file", str(path), "a scenario file")
        if facts.st_size > MAX_BYTES:
            found = f"{facts.st_size} bytes"
            raise _fault(start, "the file is too large", found, f"at most {MAX_BYTES} bytes")
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise _fault(start, f"cannot read the file: {reason}", "", "") from error
    return decoded(data, str(path))


def decoded(data: bytes, file: str) -> str:
    """The bytes as text. Raises ScenarioFault for what is not clean UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode("utf-8", "replace"), file)
        found = f"byte {data[error.start]:#04x}"
        raise _fault(place, "the file is not UTF-8", found, "UTF-8") from None


def _place_of(before: str, file: str) -> Place:
    line = before.count("\n") + 1
    return Place(file, line, len(before) - before.rfind("\n"))


def _fault(place: Place, message: str, found: str, accepted: str) -> ScenarioFault:
    return ScenarioFault([Problem(place, message, found, accepted)])


# YAML's printable characters, section 5.1; the rest cannot stand in a stream.
_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def parse_document(text: str, file: str, problems: Problems) -> Table | None:
    """The file's one mapping, or None when there is none to work with."""
    if bad := _UNPRINTABLE.search(text):
        place = _place_of(text[: bad.start()], file)
        mark = bad.group() == "\ufeff"
        what = "a byte order mark" if mark else "a control character"
        found = f"character {ord(bad.group()):#04x}"
        problems.add(place, f"the file holds {what}", found, "printable text, UTF-8 unmarked")
        return None
    if len(text) > MAX_BYTES:
        problems.add(Place(file, 1, 1), "the text is too large", f"{len(text)}", f"{MAX_BYTES}")
        return None
    return _Builder(text, file, problems).document()


_IN_PLAIN_WORDS: Final = (
    ("mapping values are not allowed", "put a text that holds ': ' in quotes"),
    ("expected <block end>", "this line is indented differently from its neighbours"),
    ("got '<stream end>'", "a bracket that was opened is not closed"),
)
"""What YAML's own messages mean to somebody who writes scenarios."""


class _Stop(Exception):
    """The rest of the file cannot be made sense of; the problem is noted already."""


class _Builder:
    """Turns YAML's events into nodes."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self._text = text
        self._file = file
        self._problems = problems
        self._nodes = 0

    def document(self) -> Table | None:
        try:
            events = _yaml_events(self._text)
            return self._root(events)
        except _Stop:
            return None
        except RecursionError:
            self._problems.add(Place(self._file, 1, 1), "the file is nested too deeply")
            return None
        except Exception as error:  # noqa: BLE001 (ruamel's scanner raises more than its own errors)
            self._note_yaml_error(error)
            return None

    def _root(self, events: Iterator[Any]) -> Table | None:
        root: Node | None = None
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document", "one scenario in a file")
                if event.version not in (None, (1, 2)) or event.tags:
                    self._refuse(event, "a directive", "YAML 1.2 without directives")
            elif name in _NODES:
                root = self._node(event, events, 0)
        if isinstance(root, Table):
            return root
        place = root.place if root else Place(self._file, 1, 1)
        message = "the file is empty" if root is None else "the file is no mapping"
        self._problems.add(place, message, accepted="keys such as scenario:, hosts:, checks:")
        return None

    def _place(self, mark: Any) -> Place:
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _refuse(self, event: Any, what: str, accepted: str) -> None:
        self._problems.add(self._place(event.start_mark), f"{what} is refused", accepted=accepted)
        raise _Stop

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(event, "a file of so many values", f"at most {MAX_NODES}")
        if depth > MAX_DEPTH:
            self._refuse(event, "so deep a nesting", f"at most {MAX_DEPTH} levels")
        name = type(event).__name__
        if name == "AliasEvent":
            self._note(event, f"the alias *{event.anchor} is refused", "the value written out")
            return Text("", self._place(event.start_mark))
        self._note_decoration(event)
        if name == "ScalarEvent":
            return self._scalar(event)
        if name == "SequenceStartEvent":
            return self._items(event, events, depth)
        return self._table(event, events, depth)

    def _note(self, event: Any, message: str, accepted: str) -> None:
        self._problems.add(self._place(event.start_mark), message, accepted=accepted)

    def _note_decoration(self, event: Any) -> None:
        if event.anchor:
            self._note(event, f"the anchor &{event.anchor} is refused", "the value written out")
        tag = getattr(event, "ctag", None) or getattr(event, "tag", None)
        if tag:
            accepted = "a plain value: the key decides the type"
            self._note(event, f"the tag {tag} is refused", accepted)

    def _scalar(self, event: Any) -> Text:
        if _UNPRINTABLE.search(event.value):
            what = "an escaped control character"
            self._note(event, what, "printable text; `hex` takes any bytes")
        return Text(event.value, self._place(event.start_mark), event.style is None)

    def _items(self, event: Any, events: Iterator[Any], depth: int) -> Items:
        items: list[Node] = []
        for inner in events:
            if type(inner).__name__ == "SequenceEndEvent":
                break
            items.append(self._node(inner, events, depth + 1))
        return Items(tuple(items), self._place(event.start_mark))

    def _table(self, event: Any, events: Iterator[Any], depth: int) -> Table:
        entries: list[tuple[Text, Node]] = []
        seen: dict[str, Place] = {}
        for inner in events:
            if type(inner).__name__ == "MappingEndEvent":
                break
            key = self._key(self._node(inner, events, depth + 1), seen)
            value_event = next(events)
            value = self._node(value_event, events, depth + 1)
            self._note_comment(key, value, value_event)
            if key.value not in seen:
                seen[key.value] = key.place
                entries.append((key, _placed(value, key)))
        return Table(tuple(entries), self._place(event.start_mark))

    def _key(self, node: Node, seen: dict[str, Place]) -> Text:
        if not isinstance(node, Text):
            self._problems.add(node.place, "a key is text", accepted="a word before the colon")
            return Text("", node.place)
        if node.value == "<<" and node.plain:
            message = "the merge key << is refused"
            self._problems.add(node.place, message, "<<", "the keys written out")
        elif node.value in seen:
            where = f"once; it stands in line {seen[node.value].line} already"
            self._problems.add(node.place, "a repeated key", node.value, where)
        return node

    def _note_comment(self, key: Text, value: Node, event: Any) -> None:
        if key.value not in UNCOMMENTED or not isinstance(value, Text) or not value.plain:
            return
        end = event.end_mark.index
        rest = self._text[end:].split("\n", 1)[0].strip()
        if rest.startswith("#"):
            message = f"a comment behind an unquoted {key.value}"
            accepted = f"'{value.value} {rest}' in quotes, or the comment on a line of its own"
            self._problems.add(self._place(event.end_mark), message, rest, accepted)

    def _note_yaml_error(self, error: Exception) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = self._place(mark) if mark is not None else Place(self._file, 1, 1)
        what = str(getattr(error, "problem", None) or error).split("\n")[0]
        if "\\t" in what or "\t" in self._line(place):
            what = f"{what} (a tab does not indent in YAML: use spaces)"
        what += next((f" ({plain})" for sign, plain in _IN_PLAIN_WORDS if sign in what), "")
        self._problems.add(place, f"this is not YAML: {what}", self._line(place).strip())

    def _line(self, place: Place) -> str:
        lines = self._text.split("\n")
        return lines[place.line - 1] if place.line <= len(lines) else ""


def _placed(value: Node, key: Text) -> Node:
    """A value that is not there stands where its key does, not where the next line begins."""
    missing = isinstance(value, Text) and value.plain and not value.value
    return Text("", key.place) if missing else value


_NODES: Final = frozenset({"ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"})


def _yaml_events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    return iter(yaml.parse(text))
