"""Answers every datagram with ``here``; for the mutants in which somebody does listen.

    python server.py HOST:PORT
"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
server.bind((host, int(port)))
while True:
    _, sender = server.recvfrom(2048)
    server.sendto(b"here", sender)
