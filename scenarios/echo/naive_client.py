"""The client of the tutorials: it sends, then blocks until something comes, whatever it is.

    python naive_client.py HOST:PORT NAME ASKS
"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
for number in range(1, int(sys.argv[3]) + 1):
    print("ask", number, flush=True)
    client.sendto((sys.argv[2] + " " + str(number)).encode(), (host, int(port)))
    data, _ = client.recvfrom(1024)
    print("answer", number, data.decode(), flush=True)
