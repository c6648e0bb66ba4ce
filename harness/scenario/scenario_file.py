"""One tree of a file, its params put in, to one :class:`~harness.scenario.model.Scenario`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, cast

from harness.scenario.checks import checks
from harness.scenario.document import Problems, Table
from harness.scenario.hosts import declared, hosts
from harness.scenario.instants import instant
from harness.scenario.links import links
from harness.scenario.model import AtTime, Scenario
from harness.scenario.reading import Fields, Reading
from harness.scenario.timeline import timeline
from harness.scenario.values import counts, positive_duration, text, word, words
from harness.scenario.words import FAMILIES
from harness.units import MAX_DURATION_NS, Range

DEFAULT_DEADLINE_NS: Final = 60_000_000_000
_UNREADABLE: Final = AtTime(MAX_DURATION_NS)
"""Stands for an ``until`` that is wrong, so that nothing seems to lie beyond it."""


@dataclass(frozen=True, slots=True)
class Source:
    """What one variant comes from: its file, its choice of params, its digest."""

    path: str
    text: str
    variant: str
    params: Mapping[str, object]
    digest: str

    @property
    def folder(self) -> Path:
        """What relative paths in the file start from."""
        return Path(self.path).parent


def scenario(root: Table, source: Source, problems: Problems) -> Scenario:
    """A scenario without its mutants. What is wrong is noted and stood in for, so the value is
    good for nothing but further checks once there are problems."""
    reading = Reading(problems, declared(root.get("hosts")), source.folder)
    fields = Fields(reading, root, "file")
    for key in ("scenario", "until", "hosts", "checks"):
        fields.need(key)
    family = fields.given("family", partial(word, words=FAMILIES), "ipv4")
    until = fields.get("until", instant)
    return Scenario(
        source.path,
        _claim(fields),
        source.variant,
        source.digest,
        source.text,
        until=_UNREADABLE if until is None else until,
        hosts=fields.given("hosts", hosts, {}),
        checks=fields.given("checks", checks, ()),
        links=fields.given("links", links, ()),
        timeline=fields.given("timeline", timeline, ()),
        about=fields.given("about", text, ""),
        tags=fields.given("tags", words, ()),
        needs=fields.given("needs", words, ()),
        family=cast("Literal['ipv4', 'ipv6']", family),
        deadline_ns=fields.given("deadline", positive_duration, DEFAULT_DEADLINE_NS),
        seeds=fields.given("seeds", counts, Range(1, 1)),
        params=source.params,
        place=fields.place,
    )


def _claim(fields: Fields) -> str:
    claim = fields.get("scenario", text)
    return " ".join(claim.split()) if claim is not None else ""
