"""Asks once and trusts the network: no timeout, and any error ends the program.

    python naive_ask.py HOST:PORT
"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
client.connect((host, int(port)))
client.send(b"anybody there?")
print("sent", flush=True)
print("answer", client.recv(1024), flush=True)
