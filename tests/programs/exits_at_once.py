"""Ends before it does anything, with code 3 and a last word."""

import sys

print("no configuration found", file=sys.stderr, flush=True)
sys.exit(3)
