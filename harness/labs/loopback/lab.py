"""The loopback lab's face to the runner: what it can do here, and doing it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.clock import Clock, SystemClock
from harness.errors import CapabilityMissing
from harness.labs.base import Plan, Refusal
from harness.labs.loopback.addresses import Platform, this_platform
from harness.labs.loopback.icmp import may_refuse
from harness.labs.loopback.refusal import refusals
from harness.labs.loopback.run import Run
from harness.labs.loopback.scale import TRACE_LIMIT_BYTES, Scale
from harness.scenario.model import Scenario
from harness.trace.log import Log

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
UNSEEN = (
    "without CAP_NET_RAW the kernel refuses what is sent where nobody listens, and the relay"
    " does not see it; run as root, or give the interpreter that capability"
)


@dataclass(frozen=True, slots=True)
class LoopbackLab:
    """Real programs on the loopback interface, a relay between them.

    ``raw`` overrides whether ICMP errors are written; None asks the machine. A run whose trace
    grows beyond ``trace_limit_bytes`` is ended, as an error.
    """

    raw: bool | None = None
    clock: Clock = field(default_factory=SystemClock)
    name: str = "loopback"
    trace_limit_bytes: int = TRACE_LIMIT_BYTES

    def refusals(self, scenario: Scenario) -> tuple[Refusal, ...]:
        """Everything in the scenario that cannot be honoured on this machine's loopback."""
        return refusals(scenario, self._platform(scenario))

    def blind(self, scenario: Scenario) -> Mapping[str, str]:
        """Without CAP_NET_RAW: datagrams that nobody receives, and their ICMP errors."""
        if self._raw(scenario):
            return {}
        return {"dropped:nobody": UNSEEN, "icmp": UNSEEN}

    def run(self, plan: Plan, log: Log, interrupted: Callable[[], bool]) -> None:
        """Carry out a plan; see :class:`harness.labs.base.Lab`.

        Raises CapabilityMissing for a plan that :meth:`refusals` would have refused.
        """
        refused = self.refusals(plan.scenario)
        if refused:
            first = refused[0]
            raise CapabilityMissing(f"{first.where}: {first.reason}", first.remedy)
        platform = self._platform(plan.scenario)
        raw = self._raw(plan.scenario)
        weighed = Scale(log, self.trace_limit_bytes)
        Run(plan, weighed, self.clock, platform, raw, interrupted).carry_out()

    def _platform(self, scenario: Scenario) -> Platform:
        return this_platform(FAMILIES[scenario.family])

    def _raw(self, scenario: Scenario) -> bool:
        if self.raw is not None:
            return self.raw
        return may_refuse(FAMILIES[scenario.family])
