"""``python -m harness`` is the command ``harness``."""

from harness.cli.main import run_script

if __name__ == "__main__":
    run_script()
