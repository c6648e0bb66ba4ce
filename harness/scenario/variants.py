"""Params: one tree of a file to one tree for each variant, with the params put in.

Works on nodes, before any value is read. Names that are no params are left as they stand, for
the hosts and named groups that they speak of; whether those exist is not known here.
"""

from __future__ import annotations

import itertools
import math
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.errors import Place
from harness.scenario.bare_numbers import BARE_UNITS, bare_number
from harness.scenario.document import Items, Node, Problems, Table, Text
from harness.scenario.names import OTHER, SELF, MalformedNameError, Name, parse_names, put_in
from harness.units import UnitError

MAX_VARIANTS: Final = 1_000
LITERAL_KEYS: Final = frozenset({"about", "edit"})
"""Prose and program text: what stands below these is not searched for names."""

_PARAM_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_NAME_FORM: Final = "letters, digits, - and _, a letter first"

Params = dict[str, Node]
Variant = tuple[str, dict[str, object], Table]


def variants(root: Table, overrides: Mapping[str, str], problems: Problems) -> list[Variant]:
    """Every variant of a file: its label, its params as plain values, its tree without params.

    Lists make variants, the last one varying fastest. ``overrides`` fixes params to a text, as
    ``--set`` does. The label is ``loss=10% delay=1ms`` for the lists alone, empty without lists.
    """
    choices = _choices(root, overrides, problems)
    lists = [name for name, values in choices.items() if isinstance(values, tuple)]
    rest = Table(tuple(e for e in root.entries if e[0].value != "params"), root.place)
    if not _countable(root, choices, problems):
        return []
    rows = itertools.product(*(v if isinstance(v, tuple) else (v,) for v in choices.values()))
    return [_variant(dict(zip(choices, row, strict=True)), lists, rest, problems) for row in rows]


def _variant(params: Params, lists: list[str], rest: Table, problems: Problems) -> Variant:
    label = " ".join(f"{name}={notation(params[name])}" for name in lists)
    tree = _Filler(params, problems).table(rest, "")
    return label, {name: plain_value(node) for name, node in params.items()}, tree


def plain_value(node: Node) -> object:
    """A node as text, a list or a dict."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return [plain_value(item) for item in node.items]
    return {key.value: plain_value(value) for key, value in node.entries}


def notation(node: Node) -> str:
    """A node in one line, as it could be written in a scenario."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Items):
        return f"[{', '.join(notation(item) for item in node.items)}]"
    inside = ", ".join(f"{key.value}: {notation(value)}" for key, value in node.entries)
    return f"{{{inside}}}"


def _countable(root: Table, choices: Mapping[str, object], problems: Problems) -> bool:
    count = math.prod(len(v) for v in choices.values() if isinstance(v, tuple))
    if count > MAX_VARIANTS:
        message = "the params make too many variants"
        accepted = f"at most {MAX_VARIANTS}; --set fixes a param"
        problems.add(_params_place(root), message, str(count), accepted)
    return 0 < count <= MAX_VARIANTS


def _params_place(root: Table) -> Place:
    return next((key.place for key, _ in root.entries if key.value == "params"), root.place)


def _choices(
    root: Table, overrides: Mapping[str, str], problems: Problems
) -> dict[str, Node | tuple[Node, ...]]:
    table = root.get("params")
    entries: tuple[tuple[Text, Node], ...] = ()
    if isinstance(table, Table):
        entries = table.entries
    elif table is not None and not (isinstance(table, Text) and not table.value):
        problems.add(table.place, "params is a mapping", accepted="params: {name: value}")
    taken = _host_words(root)
    found: dict[str, Node | tuple[Node, ...]] = {}
    for key, value in entries:
        if _good_name(key, taken, problems):
            found[key.value] = _values(key, value, overrides.get(key.value), problems)
    _refuse_unknown(root, overrides, found, problems)
    return found


def _refuse_unknown(
    root: Table, overrides: Mapping[str, str], found: Mapping[str, object], problems: Problems
) -> None:
    for name in overrides:
        if name not in found:
            accepted = f"one of {', '.join(found)}" if found else "the file has no params"
            problems.add(_params_place(root), "--set names no param", name, accepted, found)


def _good_name(key: Text, taken: frozenset[str], problems: Problems) -> bool:
    if key.value in (SELF, OTHER) or key.value in taken:
        message = "a param cannot be called like a host, 'self' or 'other'"
        problems.add(key.place, message, key.value, "another name")
        return False
    if not _PARAM_NAME.fullmatch(key.value):
        problems.add(key.place, "this is no name for a param", key.value, _NAME_FORM)
        return False
    return True


def _values(
    key: Text, value: Node, fixed: str | None, problems: Problems
) -> Node | tuple[Node, ...]:
    items = value.items if isinstance(value, Items) else (value,)
    if any(isinstance(item, Items) for item in items):
        problems.add(value.place, f"a list in the list of {key.value}", accepted="text or mappings")
    if not items:
        problems.add(value.place, f"the param {key.value} has no values", "[]", "at least one")
    if fixed is None:
        return value.items if isinstance(value, Items) else value
    if any(isinstance(item, Table) for item in items):
        message = f"--set cannot replace {key.value}, which has fields"
        problems.add(key.place, message, fixed, "a param that is text")
        return Text("", key.place)
    return Text(fixed, key.place, plain=False)


def _host_words(root: Table) -> frozenset[str]:
    hosts = root.get("hosts")
    if not isinstance(hosts, Table):
        return frozenset()
    return frozenset(word for key, host in hosts.entries for word in _words_of(key.value, host))


def _words_of(name: str, host: Node) -> list[str]:
    count = host.get("count") if isinstance(host, Table) else None
    if not isinstance(count, Text) or not count.value.isdecimal():
        return [name]
    return [name, *(f"{name}-{index}" for index in range(1, min(int(count.value), 1000) + 1))]


@dataclass(frozen=True, slots=True)
class _Filler:
    """Copies a tree with the params of one variant put in."""

    params: Params
    problems: Problems

    def table(self, table: Table, within: str) -> Table:
        entries = (self._entry(key, value, within) for key, value in table.entries)
        return Table(tuple(entries), table.place)

    def _entry(self, key: Text, value: Node, within: str) -> tuple[Text, Node]:
        filled = self._filled(key)
        if key.value in LITERAL_KEYS and within in ("", "mutants"):
            return filled, value
        section = key.value if key.value in ("mutants", "hosts") and not within else within
        if key.value == "run" and isinstance(value, Text) and within in ("hosts", "mutants"):
            return filled, self._command(value)
        return filled, self.node(value, section)

    def node(self, node: Node, within: str) -> Node:
        if isinstance(node, Table):
            return self.table(node, within)
        if isinstance(node, Items):
            return Items(tuple(self.node(item, within) for item in node.items), node.place)
        whole = self._whole(node)
        return self._filled(node) if whole is None else whole

    def _command(self, run: Text) -> Node:
        """A command is split into words first, so that a param with a blank stays one word."""
        whole = self._whole(run)
        if whole is not None:
            return whole
        filled = self._filled(run)
        try:
            words = shlex.split(run.value)
        except ValueError:
            return filled  # the reader of commands tells what is wrong with it
        if filled.value == run.value:
            return run
        return Items(tuple(self._filled(Text(w, run.place, plain=False)) for w in words), run.place)

    def _whole(self, text: Text) -> Node | None:
        """The param itself where the value is nothing but its name."""
        if not (text.value.startswith("$(") and text.value.endswith(")")):
            return None
        try:
            parts = parse_names(text.value)
        except MalformedNameError:
            return None
        if len(parts) != 1 or not isinstance(parts[0], Name):
            return None
        found = self._found(parts[0], text)
        return Text(found, text.place, text.plain) if isinstance(found, str) else found

    def _filled(self, text: Text) -> Text:
        if "$(" not in text.value:
            return text
        try:
            value = put_in(text.value, lambda name: self._text(name, text))
        except MalformedNameError as fault:
            self.problems.add(text.place, fault.message, fault.found, fault.accepted)
            return text
        return Text(value, text.place, text.plain)

    def _text(self, name: Name, where: Text) -> str | None:
        found = self._found(name, where)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, Text):
            return found.value
        accepted = self._fields(found) or "a param that is text"
        self.problems.add(where.place, "this param cannot stand inside a text", name.text, accepted)
        return None

    def _found(self, name: Name, where: Text) -> Node | str | None:
        """A param's node, the bare number asked for, or None for what is no param."""
        if name.base not in self.params:
            return None
        if name.other or name.port is not None:
            message = f"{name.base} is a param, it has no port and no 'other'"
            self.problems.add(where.place, message, name.text, f"$({name.base})")
            return None
        return self._field(name, where)

    def _field(self, name: Name, where: Text) -> Node | str | None:
        node = self.params[name.base]
        steps = name.field.split(".") if name.field else []
        for index, step in enumerate(steps):
            inner = node.get(step) if isinstance(node, Table) else None
            if inner is not None:
                node = inner
            elif isinstance(node, Text) and step in BARE_UNITS and index == len(steps) - 1:
                return self._bare(node, step, name, where)
            else:
                self._refuse_field(node, step, name, where)
                return None
        return node

    def _bare(self, node: Text, unit: str, name: Name, where: Text) -> str | None:
        try:
            return bare_number(node.value, unit)
        except UnitError as error:
            message = f"{name.text} asks for a bare number, and {node.value!r} {error}"
            self.problems.add(where.place, message, node.value, error.accepted)
            return None

    def _refuse_field(self, node: Node, step: str, name: Name, where: Text) -> None:
        words = [key.value for key, _ in node.entries] if isinstance(node, Table) else BARE_UNITS
        accepted = f"one of {', '.join(f'.{word}' for word in words)}"
        message = f"{name.text} names no field of the param {name.base}"
        self.problems.add(where.place, message, step, accepted, words)

    def _fields(self, node: Node) -> str:
        if not isinstance(node, Table):
            return ""
        return f"a field of it: {', '.join(f'.{key.value}' for key, _ in node.entries)}"
