"""What every reader of a noun shares: where to note mistakes, which hosts there are, its keys.

A reader takes a node and gives a value, or None after it has noted what is wrong. It never
raises, so that one pass finds every mistake of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.errors import Place
from harness.scenario.document import Items, Node, Problems, Table, Text
from harness.scenario.vocabulary import NOUNS, names
from harness.scenario.words import FORMS

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Reading:
    """The file that is being read. ``hosts`` maps each name to the size of its group, None for a
    single host; ``folder`` is what relative paths start from."""

    problems: Problems
    hosts: Mapping[str, int | None]
    folder: Path

    def refuse(
        self, place: Place, message: str, found: str = "", accepted: str = "",
        words: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """Note a mistake."""
        self.problems.add(place, message, found, accepted, words)

    def text(self, node: Node, form: str) -> Text | None:
        """A scalar that is not empty; ``form`` says what it should have been."""
        if not isinstance(node, Text):
            self.refuse(node.place, f"{called(node)} where one value belongs", "", accepts(form))
        elif not node.value.strip():
            self.refuse(node.place, "a value is missing", "", accepts(form))
        else:
            return node
        return None

    def table(self, node: Node, form: str) -> Table | None:
        """A mapping whose keys are not known beforehand."""
        if isinstance(node, Table):
            return node
        found = node.value if isinstance(node, Text) else ""
        self.refuse(node.place, f"{called(node)} where a mapping belongs", found, accepts(form))
        return None

    def fields(self, node: Node, noun: str) -> Fields | None:
        """A mapping with the keys of ``noun``; unknown and missing keys are noted."""
        table = self.table(node, noun)
        return Fields(self, table, noun) if table is not None else None

    def each(self, node: Node, read: Callable[[Reading, Node], T | None]) -> tuple[T, ...] | None:
        """Every item of a list; a single value stands for a list of one. None if one is wrong."""
        items = node.items if isinstance(node, Items) else (node,)
        if not items:
            self.refuse(node.place, "an empty list", accepted="at least one item")
        values = [read(self, item) for item in items]
        good = tuple(value for value in values if value is not None)
        return good if items and len(good) == len(items) else None


class Fields:
    """The values of one mapping by key. A key that is absent gives None, and so does a value that
    is wrong; :meth:`sound` tells the two apart."""

    def __init__(self, reading: Reading, table: Table, noun: str) -> None:
        self.reading = reading
        self.table = table
        self.noun = noun
        self.place = table.place
        self._known = names(NOUNS[noun])
        self._nodes = {key.value: value for key, value in table.entries}
        self._before = len(reading.problems.list)
        self._refuse_unknown()

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong since this mapping was opened."""
        return len(self.reading.problems.list) == self._before

    def node(self, name: str) -> Node | None:
        """The value of a key as it stands."""
        return self._nodes.get(name)

    def key(self, name: str) -> Place:
        """Where a key stands."""
        places = (key.place for key, _ in self.table.entries if key.value == name)
        return next(places, self.place)

    def get(self, name: str, read: Callable[[Reading, Node], R]) -> R | None:
        """The value of a key, read; None if it is absent or wrong."""
        node = self._nodes.get(name)
        return read(self.reading, node) if node is not None else None

    def present(self, names: Iterable[str]) -> tuple[str, ...]:
        """Which of several keys there are."""
        return tuple(name for name in names if name in self._nodes)

    def given(self, name: str, read: Callable[[Reading, Node], T | None], default: T) -> T:
        """The value of a key, read; ``default`` if it is absent or wrong."""
        found = self.get(name, read)
        return default if found is None else found

    def need(self, *names: str) -> bool:
        """Whether every one of these keys is there; the first that is not is a Problem."""
        for name in names:
            if name not in self._nodes:
                message = f"this {self.noun} lacks `{name}`"
                self.reading.refuse(self.place, message, "", self._doc(name))
                return False
        return True

    def _doc(self, name: str) -> str:
        """What a key is for, in a word of the vocabulary."""
        return next((key.doc for key in NOUNS[self.noun] if key.name == name), name)

    def one_of(self, names: Iterable[str], what: str) -> str | None:
        """The one key that is there of several; none or several are a Problem."""
        names = tuple(names)
        found = self.present(names)
        if len(found) == 1:
            return found[0]
        if not found and len(self._nodes) > len(self.present(self._known)):
            return None  # an unknown key was noted, and may well have been meant
        message = f"this {self.noun} has {f'several {what}s' if found else f'no {what}'}"
        place = self.key(found[1]) if found else self.place
        self.reading.refuse(place, message, ", ".join(found), "one of " + ", ".join(names))
        return None

    def only(self, names: Iterable[str], beside: str) -> None:
        """Refuse every key that does not go with the key ``beside``."""
        allowed = {beside, *names}
        for key, _ in self.table.entries:
            if key.value in self._known and key.value not in allowed:
                accepted = ", ".join(name for name in names) or "nothing else"
                message = f"`{key.value}` does not go with `{beside}`"
                self.reading.refuse(key.place, message, key.value, accepted)

    def _refuse_unknown(self) -> None:
        for key, _ in self.table.entries:
            if key.value not in self._known:
                accepted = ", ".join(self._known)
                message = f"unknown key in a {self.noun}"
                self.reading.refuse(key.place, message, key.value, accepted, self._known)


def called(node: Node) -> str:
    """What a node is, in the words of a message."""
    if isinstance(node, Table):
        return "a mapping"
    return "a list" if isinstance(node, Items) else "text"


def accepts(form: str) -> str:
    """What a form accepts, in the words of a message."""
    return FORMS.get(form) or "a mapping with " + ", ".join(names(NOUNS[form]))


def notation(node: Node) -> str:
    """A node in one line of the language, its params put in."""
    if isinstance(node, Text):
        return node.value if node.plain else "'" + node.value.replace("'", "''") + "'"
    if isinstance(node, Items):
        return "[" + ", ".join(notation(item) for item in node.items) + "]"
    return "{" + entries_notation(node) + "}"


def entries_notation(table: Table, names: Iterable[str] | None = None) -> str:
    """The entries of a mapping in one line, or those of some keys."""
    wanted = None if names is None else set(names)
    return ", ".join(
        f"{notation(key)}: {notation(value)}"
        for key, value in table.entries
        if wanted is None or key.value in wanted
    )
