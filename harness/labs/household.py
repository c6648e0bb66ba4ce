"""Which process belongs to which host, among all that descend from the guardian."""

from __future__ import annotations

import os
from dataclasses import dataclass

from harness.labs import family
from harness.labs.family import Kin


@dataclass(slots=True)
class Life:
    """One program as it was started. ``alive`` until it is reaped."""

    host: str
    life: int
    pid: int
    alive: bool = True


class Household:
    """Which process belongs to which host.

    A child that we started is known; everything below it is its host's. An orphan is attributed
    by what was known of it while it had a parent, by its session or group, at last by its mark.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self.lives: dict[int, Life] = {}
        self._known: dict[tuple[int, int], str] = {}

    def current(self, host: str) -> Life | None:
        """The life of a host that runs now."""
        running = (life for life in self.lives.values() if life.host == host and life.alive)
        return next(running, None)

    def census(self) -> dict[str, list[Kin]]:
        """Everyone alive below us by host; orphans that nothing attributes stand under ''."""
        children = family.children_of(family.everyone())
        members: dict[str, list[Kin]] = {}
        for kin in children.get(os.getpid(), ()):
            whole = [kin, *family.descendants(kin.pid, children)]
            members.setdefault(self._host_of(kin), []).extend(filter(family.is_alive, whole))
        self._known = {
            (kin.pid, kin.started): host for host, kins in members.items() for kin in kins
        }
        return members

    def everyone(self) -> list[Kin]:
        """Everyone alive below us, whosever it is."""
        return [kin for kins in self.census().values() for kin in kins]

    def _host_of(self, kin: Kin) -> str:
        known = self._known.get((kin.pid, kin.started))
        if known:
            return known
        for leader in (kin.pid, kin.session, kin.group):
            if leader in self.lives:
                return self.lives[leader].host
        run_id, _, host = family.mark_of(kin.pid).partition("/")
        return host if run_id == self._run_id else ""
