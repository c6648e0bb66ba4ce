"""The root seed that a command line asks for."""

from __future__ import annotations

from harness.errors import UsageFault
from harness.rng import drawn_seed

MAX_SEED = (1 << 63) - 1


def root_seed(text: str) -> int:
    """A number, or ``random``. Raises UsageFault."""
    if text == "random":
        return drawn_seed()
    if not text.isascii() or not text.isdigit() or int(text) > MAX_SEED:
        raise UsageFault(f"--seed {text}: accepted: a whole number below 2^63, or random")
    return int(text)
