"""From paths to verdicts: the only part that knows every step of a run."""
