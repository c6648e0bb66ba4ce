"""Judges: pure functions from a trace to a verdict."""
