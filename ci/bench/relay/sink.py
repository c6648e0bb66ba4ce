"""Counts stamped datagrams and reports how many came and how long they took.

    python sink.py HOST:PORT EXPECTED

It ends at the first datagram ``END``, or when nothing has come for two seconds.
"""

import socket
import struct
import sys
import time

host, _, port = sys.argv[1].rpartition(":")
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
sink.bind((host, int(port)))
print("ready", flush=True)
took = []
sink.settimeout(None)
first = last = 0
while True:
    try:
        datagram = sink.recv(2048)
    except TimeoutError:
        break
    if datagram == b"END":
        break
    now = time.monotonic_ns()
    took.append(now - struct.unpack_from("!q", datagram)[0])
    first = first or now
    last = now
    sink.settimeout(2.0)
took.sort()
count = len(took)
p50, p99 = (took[int(count * share)] / 1000 for share in (0.5, 0.99)) if count else (0, 0)
per_second = (count - 1) / ((last - first) / 1e9) if count > 1 else 0
print(f"got {count} p50 {p50:.0f} p99 {p99:.0f} rate {per_second:.0f}", flush=True)
