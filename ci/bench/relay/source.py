"""Sends stamped datagrams at a fixed rate, by deadlines; then ``END`` a few times.

    python source.py HOST:PORT PER_SECOND COUNT
"""

import socket
import struct
import sys
import time

host, _, port = sys.argv[1].rpartition(":")
per_second, count = int(sys.argv[2]), int(sys.argv[3])
source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
source.connect((host, int(port)))
padding = bytes(92)
began = time.monotonic_ns()
for number in range(count):
    due = began + number * 1_000_000_000 // per_second
    while (left := due - time.monotonic_ns()) > 0:
        if left > 200_000:
            time.sleep((left - 100_000) / 1e9)
    source.send(struct.pack("!q", time.monotonic_ns()) + padding)
time.sleep(0.5)
try:
    for _ in range(3):
        source.send(b"END")
        time.sleep(0.05)
except ConnectionRefusedError:
    pass  # the sink has heard and is gone
