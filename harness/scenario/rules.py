"""What a scenario may not say, over its parsed nouns: everything that is refused before the start.

Values and keys were judged when they were read; here is what only shows when the nouns are seen
together. What a lab cannot do is the lab's own affair.
"""

from __future__ import annotations

from harness.scenario.document import Problems
from harness.scenario.model import Scenario
from harness.scenario.rules_checks import check_checks
from harness.scenario.rules_hosts import check_hosts
from harness.scenario.rules_links import check_links
from harness.scenario.rules_names import check_names
from harness.scenario.rules_steps import check_steps
from harness.scenario.rules_time import check_times


def check(scenario: Scenario, problems: Problems) -> None:
    """Note every mistake of one variant, or of one mutant's scenario."""
    check_hosts(scenario, problems)
    check_links(scenario, problems)
    check_steps(scenario, problems)
    check_checks(scenario, problems)
    check_times(scenario, problems)
    check_names(scenario, problems)


def unbroken(scenario: Scenario) -> tuple[str, ...]:
    """The names of the checks that no mutant breaks, in file order."""
    broken = {name for mutant in scenario.mutants for name in mutant.breaks}
    return tuple(check.name for check in scenario.checks if check.name not in broken)
