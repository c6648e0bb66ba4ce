"""Prints raw binary, control characters and terminal escapes, then waits."""

import signal
import sys

for _ in range(50):
    sys.stdout.buffer.write(bytes(range(256)) + b"\x1b[2J\x1b]0;owned\x07\n")
sys.stdout.buffer.flush()
while True:
    signal.pause()
