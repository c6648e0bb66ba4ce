"""The trace: one append-only log of what happened in a run."""
