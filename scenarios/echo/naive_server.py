"""The echo server of the tutorials: no check of what comes, and one list of everybody.

    python naive_server.py HOST:PORT

It decodes whatever arrives, forgets to say who sent it, and answers every client it has ever
seen, as chat examples do.
"""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
server.bind((host, int(port)))
clients = []
while True:
    data, sender = server.recvfrom(1024)
    text = data.decode()
    print("got:", text, flush=True)
    if sender not in clients:
        clients.append(sender)
    for client in clients:
        server.sendto(("Ack: " + text).encode(), client)
