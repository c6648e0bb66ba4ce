"""Leaves children behind: one in its own group, one in a session of its own (double-forked)."""

import os
import signal


def wait_for_ever():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


if os.fork() == 0:
    wait_for_ever()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        wait_for_ever()
    os._exit(0)
print("forked", flush=True)
while True:
    signal.pause()
