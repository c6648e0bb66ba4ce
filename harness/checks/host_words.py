"""What a HOST word stands for in a check, and how it binds a member of a group.

A binding is a flat mapping: ``@client`` and ``@other client`` hold members, a bare name holds the
text that a named group of a regular expression caught.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.scenario.model import HostRef, Scenario, Whose

Binding = Mapping[str, str]
NOTHING: Binding = {}


def host_key(word: str) -> str:
    """The key of a binding under which the member for ``client`` or ``other client`` stands."""
    return f"@{word}"


def bound_member(binding: Binding, group: str) -> str | None:
    """The member of ``group`` that a binding holds, None if it holds none."""
    return binding.get(host_key(group))


class HostWord:
    """One HOST word, with the single hosts it may stand for."""

    __slots__ = ("_but", "_rival", "key", "members", "ref")

    def __init__(self, ref: HostRef, scenario: Scenario) -> None:
        self.ref = ref
        self.key = _key(ref, scenario)
        self.members = _members(ref, scenario)
        self._but = host_key(ref.name) if ref.whose is Whose.OTHER and ref.member is None else ""
        self._rival = host_key(f"other {ref.name}") if self.key == host_key(ref.name) else ""

    def bind(self, name: str, binding: Binding) -> Binding | None:
        """The binding with ``name`` in this word's place, None where the word is not that host."""
        if self.members is not None and name not in self.members:
            return None
        if not self.key:
            return binding
        known = binding.get(self.key)
        if known is not None:
            return binding if known == name else None
        if self._is_taken(name, binding):
            return None
        return {**binding, self.key: name}

    def _is_taken(self, name: str, binding: Binding) -> bool:
        """``client`` and ``other client`` are two members, whichever is bound first."""
        rivals = (self._but, self._rival)
        return any(rival and binding.get(rival) == name for rival in rivals)


def _key(ref: HostRef, scenario: Scenario) -> str:
    host = scenario.hosts.get(ref.name)
    if ref.whose is Whose.OTHER:
        return host_key(str(ref))
    grouped = host is not None and host.count is not None
    if ref.whose is Whose.EACH and ref.member is None and grouped:
        return host_key(ref.name)
    return ""


def _members(ref: HostRef, scenario: Scenario) -> frozenset[str] | None:
    """The single hosts meant; None is every host and every address."""
    if ref.whose is Whose.ALL:
        return None
    host = scenario.hosts.get(ref.name)
    names = host.members if host else (ref.name,)
    if ref.member is None:
        return frozenset(names)
    one = f"{ref.name}-{ref.member}"
    if ref.whose is Whose.OTHER:
        return frozenset(names) - {one}
    return frozenset({one})
