"""The console: every outcome readable, nothing hostile passed on, plain in pipes."""

import io

import pytest
from verdicts import HOSTILE, check, mutant, run, scenario, suite, suite_of_everything

from harness.checks.verdict import Outcome
from harness.clock import HandClock
from harness.reports.console import Console
from harness.reports.progress import Progress


def no_ladder(_bundle, _evidence, _deciding):
    return ["the ladder"]


def printed(verdict, ladder=no_ladder):
    stream = io.StringIO()
    Console(stream, ladder=ladder).scenario(verdict)
    return stream.getvalue()


def test_a_pass_is_one_line():
    assert printed(scenario(run(check()))).count("\n") == 1


def test_a_failure_shows_claim_place_reason_ladder_and_the_command_to_repeat_it():
    bad = check("late", Outcome.FAILED, "it came after 3 s", text="expect: x", evidence=(4,))
    text = printed(scenario(run(bad, bundle="out/1")))
    for part in ("late", "scenarios/a.yaml:12:3: expect: x", "it came after 3 s", "the ladder"):
        assert part in text
    assert "harness run scenarios/a.yaml --lab loopback --seed 1" in text


def test_nothing_hostile_reaches_the_terminal():
    bad = check(HOSTILE, Outcome.FAILED, HOSTILE, text=HOSTILE)
    text = printed(scenario(run(bad), claim=HOSTILE))
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\r"}
    assert "\\x1b[2J" in text


def test_a_skip_says_why_and_what_would_help():
    text = printed(scenario(outcome=Outcome.SKIPPED, reason="no dig", remedy="install dnsutils"))
    assert "no dig" in text
    assert "remedy: install dnsutils" in text


def test_a_living_mutant_and_an_unbroken_check_are_named():
    text = printed(
        scenario(
            run(check()),
            outcome=Outcome.FAILED,
            mutants=(mutant(killed=False), mutant(killed=True, name="dead")),
            unbroken=("answers",),
        )
    )
    assert "mutant not killed: worse" in text
    assert "mutant not killed: dead" not in text
    assert "no mutant breaks the check 'answers'" in text


def test_the_summary_counts_every_outcome():
    stream = io.StringIO()
    Console(stream, ladder=no_ladder).summary(suite_of_everything())
    text = stream.getvalue()
    for part in ("1 passed", "1 failed", "1 error", "1 skipped", "0 of 1 mutants killed"):
        assert part in text


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 5),
        ([Outcome.SKIPPED], 5),
        ([Outcome.PASSED, Outcome.SKIPPED], 0),
        ([Outcome.PASSED, Outcome.INCONCLUSIVE], 4),
        ([Outcome.INCONCLUSIVE, Outcome.ERROR], 3),
        ([Outcome.ERROR, Outcome.FAILED], 1),
    ],
)
def test_exit_codes(outcomes, code):
    assert suite(*(scenario(outcome=outcome) for outcome in outcomes)).exit_code == code


def test_a_log_gets_a_line_when_it_was_quiet_for_long():
    stream, clock = io.StringIO(), HandClock()
    with Progress(stream, Console(stream, ladder=no_ladder), clock) as progress:
        progress.planned(2)
        progress.tick(["a claim"])
        assert stream.getvalue() == ""
        clock.advance(16_000_000_000)
        progress.tick(["a claim\x1b"])
        progress.tick(["a claim"])
    assert stream.getvalue() == "… 0 of 2 runs, 16 s, running: a claim\\x1b\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_one_changing_line_that_is_wiped(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Progress(stream, Console(stream, ladder=no_ladder), HandClock()) as progress:
        progress.planned(1)
        progress.tick(["a claim"])
        progress.run_ended(run(check()))
        progress.scenario_ended(scenario(run(check())))
        progress.tick([])
    text = stream.getvalue()
    assert text.startswith("\r\x1b[K0 of 1 runs, 0 s, running: a claim\r\x1b[K\x1b[32mpassed")
    assert text.endswith("\r\x1b[K")


def test_no_color_is_heeded_on_a_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Console(stream, ladder=no_ladder).scenario(scenario(run(check())))
    assert "\x1b" not in stream.getvalue()


def test_a_stream_that_knows_only_ascii_does_not_break_the_report():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Console(stream, ladder=no_ladder).scenario(scenario(run(check()), claim="naïve ✓"))
    assert b"na\\xefve \\u2713" in raw.getvalue()


def test_a_stream_that_knows_only_ascii_gets_an_ascii_ladder():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    bad = scenario(run(check("a", Outcome.FAILED, evidence=(1,)), bundle="b"))
    Console(stream, ladder=lambda *_: ["  │──▶│ ►"]).scenario(bad)
    assert b"  |-->| >" in stream.buffer.getvalue()


@pytest.mark.parametrize("hostile", ["::error::x", "  ::set-output name=a::b", "a ##[group]b"])
def test_nothing_a_program_says_is_a_command_to_githubs_runner(hostile):
    stream = io.StringIO()
    bad = scenario(run(check("a", Outcome.FAILED, evidence=(1,)), bundle="b"))
    Console(stream, ladder=lambda *_: [hostile]).scenario(bad)
    assert hostile.split(":")[-1] in stream.getvalue() or "\\x23[" in stream.getvalue()
    assert not any(line.lstrip().startswith("::") for line in stream.getvalue().splitlines())
    assert "##[" not in stream.getvalue()


def test_many_runs_with_one_fault_show_it_once_with_its_count():
    runs = [
        run(check("late", Outcome.FAILED, "by 3 s", evidence=(1,)), seed=n, bundle=f"b{n}")
        for n in range(20)
    ]
    text = printed(scenario(*runs))
    assert text.count("the ladder") == 1
    assert "late: so it was 20 times" in text


def test_a_check_judged_over_runs_is_not_told_as_a_failure_of_one():
    hit = run(check("mostly", Outcome.FAILED, "not this time"))
    text = printed(scenario(hit, outcome=Outcome.PASSED, claims=(check("mostly"),)))
    assert "not this time" not in text


def test_a_failed_claim_is_told():
    claims = (check("mostly", Outcome.FAILED, "held in 3 of 20 runs"),)
    text = printed(scenario(run(check()), outcome=Outcome.FAILED, claims=claims))
    assert "held in 3 of 20 runs" in text


def test_a_check_of_several_lines_keeps_them():
    bad = check("a", Outcome.FAILED, "why", text="expect: x\nwithin: 3s")
    text = printed(scenario(run(bad)))
    assert "a.yaml:12:3: expect: x\n        within: 3s\n      why" in text


def test_the_lag_is_told_as_the_resolution():
    text = printed(scenario(run(check("a", Outcome.FAILED, "why", resolution_ns=1_500_000))))
    assert "why (resolution 1.500 ms)" in text


def test_a_bad_run_can_be_had_again_with_the_same_fates():
    text = printed(scenario(run(check("a", Outcome.FAILED), bundle="out dir/1")))
    assert "harness replay 'out dir/1'" in text


def test_the_summary_lists_skips_by_reason_with_the_remedy():
    blind = check("refused", Outcome.SKIPPED, "no refusals are seen")
    skipped = {"outcome": Outcome.SKIPPED, "reason": "no dig", "remedy": "install dnsutils"}
    stream = io.StringIO()
    verdict = suite(
        scenario(claim="one", **skipped),
        scenario(claim="two", **skipped),
        scenario(run(check(), blind), claim="three", outcome=Outcome.PASSED),
    )
    Console(stream, ladder=no_ladder).summary(verdict)
    assert stream.getvalue().splitlines() == [
        "skipped: no dig",
        "    one",
        "    two",
        "    remedy: install dnsutils",
        "skipped: no refusals are seen",
        "    refused (three)",
        "1 passed, 2 skipped in 0.0 s, seed 1",
    ]


def test_the_changing_line_fits_an_ascii_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")

    class AsciiTerminal(io.TextIOWrapper):
        def isatty(self):
            return True

    stream = AsciiTerminal(io.BytesIO(), encoding="ascii")
    with Progress(stream, Console(stream, ladder=no_ladder), HandClock()) as progress:
        progress.tick(["ü" * 100])
        drawn = stream.buffer.getvalue().removeprefix(b"\r\x1b[K")
    assert b"running: " in drawn
    assert len(drawn) == 39
