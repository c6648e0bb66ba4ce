"""Runs for ever and never binds its port."""

import signal

print("starting", flush=True)
while True:
    signal.pause()
