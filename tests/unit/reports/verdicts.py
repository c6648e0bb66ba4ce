"""Verdicts made by hand for the report tests, hostile ones included."""

from harness.checks.verdict import (
    CheckVerdict,
    MutantVerdict,
    Outcome,
    RunVerdict,
    ScenarioVerdict,
    SuiteVerdict,
    worst,
)
from harness.errors import Place

PLACE = Place("scenarios/a.yaml", 12, 3)
HOSTILE = "\x1b[2J</td><script>alert(1)</script> | `x` %0A ::error:: \u202e ]]> \x00 & \ufffe"


def check(name="answers", outcome=Outcome.PASSED, reason="it did", **more):
    return CheckVerdict(name, outcome, reason, PLACE, **more)


def run(*checks, **more):
    outcome = worst(each.outcome for each in checks)
    fields = {"variant": "", "seed": 1, "lab": "loopback", **more}
    return RunVerdict("a claim", PLACE.file, outcome=outcome, checks=checks, **fields)


def scenario(*runs, **more):
    outcome = more.pop("outcome", worst(each.outcome for each in runs))
    claim = more.pop("claim", "a claim")
    return ScenarioVerdict(claim, PLACE.file, "loopback", outcome, runs=runs, seed=1, **more)


def mutant(*, killed, name="worse"):
    return MutantVerdict(name, PLACE, killed, "it passed all the same", ("answers",), ())


def suite(*scenarios, **more):
    return SuiteVerdict(scenarios, seed=1, lab="auto", **more)


def suite_of_everything():
    """Every outcome, a mutant alive, an unbroken check, hostile text everywhere."""
    bad = run(
        check(),
        check("late", Outcome.FAILED, HOSTILE, text=HOSTILE, evidence=(3,), deciding=3),
        check(HOSTILE, Outcome.INCONCLUSIVE, "missed by 1 ms, lag 2 ms"),
    )
    return suite(
        scenario(run(check())),
        scenario(bad, claim=HOSTILE, mutants=(mutant(killed=False),), unbroken=("answers",)),
        scenario(run(check(outcome=Outcome.ERROR, reason="no port"))),
        scenario(outcome=Outcome.SKIPPED, reason="no dig", remedy="install dnsutils"),
        proved=True,
    )
