"""The pytest plugin: scenario files are test items, and the fixture ``lab`` drives the engine.

It must cost other people's projects nothing: until a file shows a top-level ``scenario:`` in its
first 4 KiB, or a test asks for the fixture, nothing but the standard library is imported, and
foreign YAML is never parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.pytest_items import LabFixture

SUFFIXES = (".yaml", ".yml")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that say how scenario items and the fixture run."""
    group = parser.getgroup("harness", "UDP scenarios")
    group.addoption("--harness-lab", default="auto", metavar="LAB", help="auto or loopback")
    group.addoption("--harness-seed", default="1", metavar="N", help="the root seed, or random")
    group.addoption(
        "--harness-prove", action="store_true", help="run the mutants of scenario files too"
    )
    group.addoption(
        "--harness-out", default="", metavar="DIR", help="keep bundles here (default: temporary)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse wrong options before anything is collected."""
    plain = ("auto", "1", "")
    names = ("--harness-lab", "--harness-seed", "--harness-out")
    if tuple(config.getoption(name) for name in names) == plain:
        return
    from harness.pytest_items import Settings

    Settings.of(config, Path())


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file becomes a collector; every other file is none of our business."""
    if file_path.suffix not in SUFFIXES:
        return None
    from harness.runner.selection import looks_like_scenario

    if not looks_like_scenario(file_path):
        return None
    from harness.pytest_items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LabFixture]:
    """A lab to start programs in, shape links and check, from Python.

    See ``harness.pytest_items.LabFixture``. A test that builds a lab and never calls ``run()``
    fails, because it has checked nothing.
    """
    from harness.pytest_items import LabFixture, Settings

    fixture = LabFixture(request.path, request.node.nodeid, Settings.of(request.config, tmp_path))
    yield fixture
    fixture.require_run()
