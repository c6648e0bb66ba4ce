"""Prints 100 MB without a newline, then waits."""

import signal
import sys

for _ in range(100):
    sys.stdout.write("x" * 1_000_000)
sys.stdout.flush()
while True:
    signal.pause()
