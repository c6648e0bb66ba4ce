"""What a running scenario is matched with: patterns compiled once, events learned as they come."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.checks.directory import Directory
from harness.checks.host_words import host_key
from harness.checks.matching import CompiledPattern, compile_pattern
from harness.labs.watch import Caught
from harness.scenario.model import Scenario, Single
from harness.trace.events import AnyEvent


@dataclass(slots=True)
class Matcher:
    """Answers the director. In what it catches a group's name stands for the member bound."""

    scenario: Scenario
    directory: Directory = field(default_factory=Directory)
    _compiled: dict[int, CompiledPattern] = field(default_factory=dict)

    def learn(self, event: AnyEvent) -> None:
        """Take in an event before anything is matched against it."""
        self.directory.learn(event)

    def match(self, pattern: Single, event: AnyEvent, caught: Caught) -> Caught | None:
        """Whether the event matches; see :data:`harness.labs.watch.Match`."""
        compiled = self._compiled.get(id(pattern))  # patterns live as long as their scenario
        if compiled is None:
            compiled = self._compiled[id(pattern)] = compile_pattern(pattern, self.scenario)
        if type(event) is not compiled.event:
            return None
        binding = {self._key(name): text for name, text in caught.items()}
        found = compiled.match(event, self.directory, binding)
        return None if found is None else {self._name(key): text for key, text in found.items()}

    def _key(self, name: str) -> str:
        return host_key(name) if name in self.scenario.hosts else name

    def _name(self, key: str) -> str:
        bare = key.removeprefix("@")
        return bare if bare in self.scenario.hosts else key
