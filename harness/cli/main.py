"""The command ``harness``: one function for each word, each importing what it needs.

Exit codes: 0 all passed, 1 failed, 2 bad usage or scenario, 3 error, 4 inconclusive, 5 nothing ran.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from harness import __version__
from harness.errors import HarnessError, RigFault, ScenarioFault

USAGE_EXIT = 2
ERROR_EXIT = 3

app = typer.Typer(
    name="harness",
    help="Test programs that speak UDP: one scenario file says what runs, what happens to the "
    "datagrams, and what must be true.",
    epilog="Examples:  harness run scenarios  ·  harness run scenarios --prove --junit report.xml  "
    "·  harness explain scenarios/echo/ack.yaml  ·  harness new mytest",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Paths = Annotated[list[str], typer.Argument(help="Scenario files, or folders of them.")]
Settings = Annotated[
    Optional[list[str]],  # noqa: UP045 (typer reads it at run time on 3.11)
    typer.Option("--set", metavar="NAME=VALUE", help="Fix a param of the scenarios."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Examples:  harness run scenarios  ·  harness run a.yaml --seed 7 --out bundles  ·  "
    "harness run tests -k 'echo and not loss' --json -"
)
def run(
    paths: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(help="Scenario files, or folders of them; here when none is given."),
    ] = None,
    lab: Annotated[str, typer.Option(help="auto or loopback.")] = "auto",
    seed: Annotated[str, typer.Option(help="The root seed: a number, or random.")] = "1",
    seeds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Runs of each variant, instead of what the files say."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Runs side by side; 0: as many as suit.")
    ] = 0,
    keep: Annotated[
        str, typer.Option("-k", metavar="EXPR", help="Only where claim, path or tags match.")
    ] = "",
    prove: Annotated[bool, typer.Option("--prove", help="Run the mutants too.")] = False,
    retries: Annotated[
        int, typer.Option(min=0, help="How often an inconclusive run is tried again.")
    ] = 1,
    settings: Settings = None,
    out: Annotated[Path, typer.Option(help="Where bundles go.")] = Path("harness-out"),
    junit: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Write a JUnit report."),
    ] = None,
    json_path: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--json", metavar="FILE", help="Write a JSON report; - is standard output."),
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Write GitHub annotations and a step summary.")
    ] = False,
) -> None:
    """Run scenarios and judge them."""
    from harness.cli.run import Request, run_suite

    request = Request(
        paths=tuple(paths or ["."]),
        lab=lab,
        seed=seed,
        seeds=seeds,
        jobs=jobs,
        keep=keep,
        prove=prove,
        retries=retries,
        settings=tuple(settings or ()),
        out=out,
        junit=junit,
        json_path=json_path,
        github=github,
    )
    raise typer.Exit(run_suite(request))


@app.command(epilog="Example:  harness lint scenarios")
def lint(paths: Paths, settings: Settings = None) -> None:
    """Check scenario files without running anything; every mistake is named at once."""
    from harness.cli.read import lint_files

    raise typer.Exit(lint_files(paths, tuple(settings or ())))


@app.command(epilog="Example:  harness explain scenarios/heartbeat/boundary.yaml")
def explain(
    path: Annotated[str, typer.Argument(help="A scenario file.")], settings: Settings = None
) -> None:
    """Say what a scenario means: what runs, the links, the steps, each check in plain ones."""
    from harness.cli.read import explain_file

    raise typer.Exit(explain_file(path, tuple(settings or ())))


@app.command(epilog="Example:  harness schema > scenario.schema.json")
def schema() -> None:
    """Print the JSON Schema of the scenario language, for editors."""
    from harness.cli.read import print_schema

    raise typer.Exit(print_schema())


@app.command(epilog="Example:  harness new ping  (writes the folder ping/)")
def new(name: Annotated[str, typer.Argument(help="The folder to make.")]) -> None:
    """Write a first scenario with its programs, ready to run."""
    from harness.cli.read import write_new

    raise typer.Exit(write_new(name))


Bundle = Annotated[Path, typer.Argument(help="A bundle: the folder that a run left.")]


@app.command(epilog="Example:  harness show harness-out/latest/scenarios--echo--ack/1-run1")
def show(
    bundle: Bundle,
    around: Annotated[
        Optional[list[int]],  # noqa: UP045
        typer.Option("--event", metavar="N", help="Only what is around event N."),
    ] = None,
    width: Annotated[int, typer.Option(min=60, help="Columns.")] = 100,
) -> None:
    """Draw what happened in a run: hosts as lanes, datagrams as arrows."""
    from harness.cli.bundles import show_bundle

    raise typer.Exit(show_bundle(bundle, tuple(around or ()), width))


@app.command(epilog="Example:  harness judge harness-out/latest/scenarios--echo--ack/1-run1")
def judge(bundle: Bundle) -> None:
    """Judge a saved run again, from its trace alone."""
    from harness.cli.bundles import judge_bundle

    raise typer.Exit(judge_bundle(bundle))


@app.command(epilog="Example:  harness replay harness-out/latest/scenarios--echo--ack/1-run1")
def replay(
    bundle: Bundle,
    out: Annotated[Path, typer.Option(help="Where the new bundle goes.")] = Path("harness-out"),
) -> None:
    """Run a saved run again; each datagram has the fate that it had."""
    from harness.cli.bundles import replay_bundle

    raise typer.Exit(replay_bundle(bundle, out))


def run_app(arguments: list[str] | None = None) -> int:
    """The command line, with every error of ours as a message and an exit code."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except typer.Exit as exit_:
        return exit_.exit_code
    except HarnessError as error:
        return _report(error)
    except typer.Abort:
        return _complain("interrupted", 130)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except Exception as error:
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return int(getattr(error, "exit_code", USAGE_EXIT))


def _report(error: HarnessError) -> int:
    if isinstance(error, ScenarioFault):
        count = len(error.problems)
        plural = "s" * (count != 1)
        return _complain(f"{error}\n{count} mistake{plural}; nothing was run", USAGE_EXIT)
    return _complain(str(error), ERROR_EXIT if isinstance(error, RigFault) else USAGE_EXIT)


def _complain(message: str, code: int) -> int:
    typer.echo(f"harness: {message}" if "\n" not in message else message, err=True)
    return code


def run_script() -> None:
    """The entry point of the console script."""
    code = run_app()
    try:
        sys.stdout.flush()
    except OSError:
        # The reader, such as head, has gone, or the disk is full, which has been said: what is
        # left in the buffer must not end in a traceback when the interpreter flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
