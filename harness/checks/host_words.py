"""What a HOST word stands for in a check, and how it binds a member of a group.

A binding is a flat mapping: ``client`` and ``other client`` hold members of that group, any other
name holds the text that a named group of a regular expression caught.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.scenario.model import HostRef, Scenario, Whose

Binding = Mapping[str, str]
NOTHING: Binding = MappingProxyType({})


def is_member_group(name: str, scenario: Scenario) -> bool:
    """Whether a name is that of a group of hosts, whose member a binding may hold."""
    host = scenario.hosts.get(name)
    return host is not None and host.count is not None


class HostWord:
    """One HOST word, with the single hosts it may stand for.

    ``key`` is what it binds, empty for nothing; ``reads`` the keys on which its answer depends.
    """

    __slots__ = ("_but", "_rival", "key", "members", "reads", "ref")

    def __init__(self, ref: HostRef, scenario: Scenario) -> None:
        self.ref = ref
        self.key = _key(ref, scenario)
        self.members = _members(ref, scenario)
        self._but = ref.name if ref.whose is Whose.OTHER and ref.member is None else ""
        self._rival = f"other {ref.name}" if self.key == ref.name else ""
        self.reads = tuple(key for key in (self.key, self._but, self._rival) if key)

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
    if ref.whose is Whose.OTHER:
        return str(ref)
    grouped = is_member_group(ref.name, scenario)
    if ref.whose is Whose.EACH and ref.member is None and grouped:
        return ref.name
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
