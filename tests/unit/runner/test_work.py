"""What one file owes: runs by variant, seed and mutant, repeats, and the verdict in the end."""

from pathlib import Path

import pytest

from harness.checks.verdict import CheckVerdict, Outcome, RunVerdict
from harness.errors import Place
from harness.runner.work import Work, run_seed
from harness.scenario.loader import loads

TEXT = """\
scenario: a claim
until: 1s
hosts: {a: {run: sleep 1}, b: {run: sleep 2}}
links: {a -> b: {loss: 1%}}
checks:
  lives: {alive: a}
mutants:
  dies:
    hosts: {a: {run: sleep 0}}
    breaks: [lives]
"""
PLACE = Place("a.yaml", 1, 1)


class NoLab:
    name = "loopback"


def work(text=TEXT, **more):
    return Work(loads(text, "a.yaml"), NoLab(), 7, Path("out"), **more)


def verdict(job, outcome=Outcome.PASSED, check=Outcome.PASSED):
    checks = (CheckVerdict("lives", check, "said so", PLACE),)
    return RunVerdict(
        "a claim", "a.yaml", job.scenario.variant, job.seed, "loopback", outcome, checks,
        mutant=job.mutant, wall_ns=5, attempt=job.attempt,
    )  # fmt: skip


def everything(owed, judge=verdict):
    """Carry out all jobs, as many rounds as it takes; the jobs that were asked for."""
    done = []
    while jobs := list(owed.next_jobs()):
        for key, first in jobs:
            job = first
            while job is not None:
                done.append(job)
                job = owed.take(key, judge(job))
    return done


def test_one_run_by_default():
    owed = work()
    assert len(everything(owed)) == 1
    assert owed.verdict().outcome is Outcome.PASSED


def test_each_variant_and_seed_is_a_run_with_a_folder_of_its_own():
    text = TEXT.replace("until: 1s", "until: 1s\nseeds: 3\nparams: {p: [1%, 2%]}")
    jobs = everything(work(text.replace("loss: 1%", "loss: $(p)")))
    assert [job.scenario.variant for job in jobs] == ["p=1%"] * 3 + ["p=2%"] * 3
    assert len({job.folder for job in jobs}) == 6
    assert [job.seed for job in jobs[:3]] == [run_seed(7, number) for number in (1, 2, 3)]
    assert len({job.seed for job in jobs}) == 3


def test_the_first_run_has_the_root_seed_itself():
    assert run_seed(7, 1) == 7
    assert run_seed(7, 2) not in (7, run_seed(8, 2))


def test_an_inconclusive_run_is_tried_again_once_and_the_second_counts():
    owed = work()
    outcomes = iter([Outcome.INCONCLUSIVE, Outcome.FAILED])
    jobs = everything(owed, lambda job: verdict(job, next(outcomes)))
    assert [job.attempt for job in jobs] == [1, 2]
    assert jobs[0].folder != jobs[1].folder
    assert owed.verdict().outcome is Outcome.FAILED
    assert owed.verdict().wall_ns == 10


def test_without_retries_the_first_verdict_counts():
    owed = work(retries=0)
    assert len(everything(owed, lambda job: verdict(job, Outcome.INCONCLUSIVE))) == 1
    assert owed.verdict().outcome is Outcome.INCONCLUSIVE


def killed_when_mutant(job):
    bad = Outcome.FAILED if job.mutant else Outcome.PASSED
    return verdict(job, bad, bad)


def test_mutants_run_only_for_a_proof():
    assert [job.mutant for job in everything(work())] == [""]
    owed = work(prove=True)
    assert [job.mutant for job in everything(owed, killed_when_mutant)] == ["", "dies"]
    assert owed.verdict().outcome is Outcome.PASSED


def test_a_mutant_that_passes_fails_the_file():
    owed = work(prove=True)
    everything(owed)
    assert owed.verdict().outcome is Outcome.FAILED
    assert [mutant.alive for mutant in owed.verdict().mutants] == [True]


@pytest.mark.parametrize("check", [Outcome.INCONCLUSIVE, Outcome.ERROR])
def test_a_mutant_that_is_not_judged_is_not_killed(check):
    owed = work(prove=True, retries=0)

    def judge(job):
        return verdict(job, check, check) if job.mutant else verdict(job)

    everything(owed, judge)
    assert owed.verdict().outcome is Outcome.FAILED


def test_where_the_scenario_itself_is_skipped_its_mutants_are_not_held_against_it():
    owed = work(prove=True)
    everything(owed, lambda job: verdict(job, Outcome.SKIPPED, Outcome.SKIPPED))
    assert owed.verdict().outcome is Outcome.SKIPPED
    assert owed.verdict().mutants == ()


def test_a_file_none_of_whose_runs_came_back_is_an_error():
    assert work().verdict().outcome is Outcome.ERROR
