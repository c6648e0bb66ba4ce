"""Each line of each contract's expansion, seen on hand-written traces to hold and to fail."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))

import pytest
from traces import (
    PLACE,
    Story,
    delivered,
    flow,
    host_ref,
    outcome,
    output,
    secs,
    sent,
)

from harness.checks.verdict import Outcome
from harness.scenario.contract_terms import Alive, Delivery, Heartbeat, Timeout
from harness.scenario.contracts import expand
from harness.scenario.notation import show_plain
from harness.units import Range
