"""``harness explain``: every part of a scenario is said, in its own notation."""

from pathlib import Path

from harness.reports.explain import explained
from harness.scenario.loader import load

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def lines_of(name):
    variants = load(SCENARIOS / name)
    return list(explained(variants, lambda scenario: [(c.name, ["plain"]) for c in scenario.checks]))


def test_steps_are_told_with_their_time_and_name():
    assert "  at: 3.2s, cut: alice <-> server, for: 4s, mark: outage" in lines_of(
        "heartbeat/return.yaml"
    )


def test_hosts_links_checks_and_mutants_are_told():
    lines = lines_of("heartbeat/boundary.yaml")
    assert "  pulse: silent" in lines
    assert "  any -> any: delay 20ms, jitter ± 10ms" in lines
    assert "  alice -> server: loss {packets: [3, 8 .. 10]}" in lines
    assert "  boundary" in lines
    assert "  expires a tenth too late: breaks boundary" in lines


def test_every_shipped_scenario_can_be_explained():
    files = sorted(SCENARIOS.rglob("*.yaml"))
    assert len(files) >= 12
    for file in files:
        assert lines_of(file)[0] == load(file)[0].claim
