"""``says``: a regular expression with names in it, made ready for one binding at one moment.

A name stands for its literal text as a whole word; an address matches in any spelling. Where the
expression itself puts a literal letter, digit, ``-`` or ``.`` right beside the name
(``frame$(id)``), it is the expression that says what the neighbour is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from harness.checks.directory import Directory
from harness.checks.groups import may_roam, tied
from harness.checks.host_words import Binding, HostWord, is_member_group
from harness.checks.spelling import relaxed, spelled, whole
from harness.scenario.membership import entry_of
from harness.scenario.model import HostRef, Scenario, Whose
from harness.scenario.names import SELF, Name, Part, parse_names

# Parentheses and bars of an expression, but not escaped ones and not those of a character class.
_SIGNS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|([()|])", re.DOTALL)
# Flags for all of an expression or for a part of it: `(?si)`, `(?x:`, `(?s-i:`.
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]*-?[a-zA-Z]*)[:)]")
_LOOSE_FLAGS: Final = frozenset("aix")  # which change what the letters of a text mean
_REFERENCE: Final = re.compile(r"\\[1-9]|\(\?\(")
_WORD_END: Final = re.compile(r"\w\Z")
_WORD_START: Final = re.compile(r"\w")


class Wording:
    """One ``says``.

    ``hosts`` are the words of the hosts that its names ask for, ``reads`` the caught texts that
    they ask for, ``certain`` the names whose texts stand in whatever matches. ``keys`` are its own
    named groups with their keys in a binding, ``catches`` those keys.
    """

    def __init__(self, text: str, scenario: Scenario) -> None:
        self._parts = parse_names(text)
        names = [part for part in self._parts if isinstance(part, Name)]
        self._words = {name: _host_word(name, scenario) for name in names}
        self.hosts = tuple(word for word in self._words.values() if word is not None)
        self.reads = frozenset(
            name.base for name in names if self._words[name] is None and name.base != SELF
        )
        blank = "".join(part if isinstance(part, str) else "(?:x)" for part in self._parts)
        groups = re.compile(blank).groupindex
        # `$(client)` is the host; a named group of that name must not pass for its member.
        self.keys = {
            name: f"?{name}" if is_member_group(name, scenario) else name for name in groups
        }
        self.catches = frozenset(self.keys.values())
        self.certain = self._certain(text)
        # Whether its groups may stand at several places of one text.
        self.roams = bool(self.keys) and may_roam(blank)
        self._compiled: dict[tuple[str, ...], re.Pattern[str]] = {}
        self._plain = None if names else re.compile(blank)
        self._names = tuple(names)
        self._caught_names = frozenset(
            i for i, name in enumerate(names) if self._words[name] is None and name.base != SELF
        )
        self._loosens = self._may_loosen(text)

    def regex(
        self, viewer: str, n: int, directory: Directory, binding: Binding
    ) -> re.Pattern[str] | None:
        """The expression as of event ``n``; None while a name in it stands for nothing yet."""
        if self._plain is not None:
            return self._plain
        texts = self._texts(viewer, n, directory, binding)
        return None if texts is None else self._made(texts)

    def tied(
        self, viewer: str, n: int, directory: Directory, binding: Binding
    ) -> re.Pattern[str] | None:
        """The expression with its bound groups tied to their texts; None where there is no need
        for one, or where a name in it stands for nothing yet."""
        bound = {name: binding[key] for name, key in self.keys.items() if key in binding}
        texts = self._texts(viewer, n, directory, binding) if self.roams and bound else None
        if texts is None:
            return None
        asked = ("", *texts, *(word for pair in sorted(bound.items()) for word in pair))
        found = self._compiled.get(asked)
        if found is None:
            found = self._compiled[asked] = re.compile(tied(self._put_together(texts), bound))
        return found

    def stands_in(
        self, text: str, viewer: str, n: int, directory: Directory, binding: Binding
    ) -> bool:
        """Whether the expression is found in a text; for those that catch nothing themselves.

        An expression for each caught text would be compiled for each anchor. So first one serves
        them all, in which a name catches anything: where that is not found neither is the true
        one, and where it catches the very texts, the true one is found.
        """
        if not self._loosens:
            regex = self.regex(viewer, n, directory, binding)
            return regex is not None and regex.search(text) is not None
        texts = self._texts(viewer, n, directory, binding)
        if texts is None:
            return False
        found = self._made(self._loosened(texts)).search(text)
        if found is None:
            return False
        caught = found.groupdict()
        same = all(caught[_loose(i)] == binding[self._names[i].base] for i in self._caught_names)
        return same or self._made(texts).search(text) is not None

    def _may_loosen(self, text: str) -> bool:
        """Whether names may catch anything in a first try: not where that would narrow what
        matches (in a negative assertion), move the numbers of groups that are referred to, or
        stand in a comment."""
        certain = _certain_names(self._parts)
        positions = [i for i, part in enumerate(self._parts) if isinstance(part, Name)]
        plain = all(positions[i] in certain for i in self._caught_names)
        fixed = _REFERENCE.search(text) or _changes_letters(text)
        return bool(self._caught_names) and plain and not fixed

    def _loosened(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The texts, with anything in place of those that were caught."""
        return tuple(
            whole(f"(?P<{_loose(i)}>(?s:.*?))") if i in self._caught_names else text
            for i, text in enumerate(texts)
        )

    def _texts(
        self, viewer: str, n: int, directory: Directory, binding: Binding
    ) -> tuple[str, ...] | None:
        texts = []
        for name in self._names:
            text = self._resolved(name, viewer, n, directory, binding)
            if text is None:
                return None
            texts.append(text)
        return tuple(texts)

    def _made(self, texts: tuple[str, ...]) -> re.Pattern[str]:
        found = self._compiled.get(texts)
        if found is None:
            found = self._compiled[texts] = re.compile(self._put_together(texts))
        return found

    def literals(self, name: Name, directory: Directory, binding: Binding) -> list[str] | None:
        """Texts of which one must stand in whatever matches, for a ``certain`` name and all of
        the run; None where that cannot be said."""
        word = self._words[name]
        if word is None:
            caught = binding.get(name.base)
            return None if caught is None else [caught]
        host = _host_of(word, binding)
        if host is None or name.port is not None:
            return None
        if name.field == "name":
            return [host]
        if name.field == "index":
            return [host.rpartition("-")[2]]
        if name.field:
            return None
        addresses = directory.ever(host)
        return None if any(":" in address for address in addresses) else addresses

    def _certain(self, text: str) -> tuple[Name, ...]:
        """The names whose texts stand as whole words in whatever matches."""
        if _changes_letters(text):
            return ()
        return tuple(
            part
            for position, part in enumerate(self._parts)
            if isinstance(part, Name)
            and part.base != SELF
            and position in _certain_names(self._parts)
            and not _WORD_END.search(self._neighbour(position - 1))
            and not _WORD_START.match(self._neighbour(position + 1))
        )

    def _resolved(
        self, name: Name, viewer: str, n: int, directory: Directory, binding: Binding
    ) -> str | None:
        word = self._words[name]
        if word is None and name.base != SELF:
            caught = binding.get(name.base)
            return None if caught is None else whole(re.escape(caught))
        host = viewer if word is None else _host_of(word, binding)
        if host is None:
            return None
        if name.port is not None:
            return _served(name, viewer, host, n, directory)
        return _described(name, viewer, host, n, directory)

    def _put_together(self, texts: tuple[str, ...]) -> str:
        pieces = []
        values = iter(texts)
        for position, part in enumerate(self._parts):
            if isinstance(part, str):
                pieces.append(part)
                continue
            before = self._neighbour(position - 1)
            after = self._neighbour(position + 1)
            pieces.append(relaxed(next(values), before, after))
        return "".join(pieces)

    def _neighbour(self, position: int) -> str:
        part = self._parts[position] if 0 <= position < len(self._parts) else ""
        return part if isinstance(part, str) else ""


def _changes_letters(text: str) -> bool:
    """Whether a letter may stand for another one, for a narrower word, or for a comment."""
    return any(_LOOSE_FLAGS.intersection(flags) for flags in _FLAGS.findall(text))


def _loose(position: int) -> str:
    return f"_caught_{position}"


def _certain_names(parts: Sequence[Part]) -> frozenset[int]:
    """The positions of names that no group, alternative or quantifier makes optional."""
    depth, certain, optional = 0, set(), {"?", "*", "{"}
    for position, part in enumerate(parts):
        if isinstance(part, Name):
            after = parts[position + 1] if position + 1 < len(parts) else ""
            if depth == 0 and not (isinstance(after, str) and after[:1] in optional):
                certain.add(position)
            continue
        for sign in _SIGNS.findall(part):
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if sign == "|" and depth == 0:
                return frozenset()
    return frozenset(certain)


def _host_word(name: Name, scenario: Scenario) -> HostWord | None:
    """The host that a name asks for; None for ``self`` and for what a group caught."""
    entry = entry_of(name.base, scenario.hosts)
    if entry is None or name.base == SELF:
        return None
    member = None if name.base == entry.name else int(name.base.rpartition("-")[2])
    whose = Whose.OTHER if name.other else Whose.EACH
    return HostWord(HostRef(entry.name, member, whose), scenario)


def _host_of(word: HostWord, binding: Binding) -> str | None:
    if word.key:
        return binding.get(word.key)
    (host,) = word.members or frozenset({""})
    return host


def _described(name: Name, viewer: str, host: str, n: int, directory: Directory) -> str | None:
    if name.field == "name":
        return whole(re.escape(host))
    if name.field == "index":
        return whole(host.rpartition("-")[2])
    if name.field == "port":
        port = directory.port(viewer, host, n)
        return None if port is None else whole(str(port))
    return _any_of([spelled(address) for address in directory.addresses(viewer, host, n)])


def _served(name: Name, viewer: str, host: str, n: int, directory: Directory) -> str | None:
    places = directory.served(viewer, host, name.port or 0, n)
    if name.field == "host":
        return _any_of([spelled(address) for address, _ in places])
    if name.field == "port":
        return _any_of([whole(str(number)) for _, number in places])
    return _any_of([spelled(address, number) for address, number in places])


def _any_of(texts: list[str]) -> str | None:
    if len(texts) < 2:
        return texts[0] if texts else None
    return f"(?:{'|'.join(texts)})"
