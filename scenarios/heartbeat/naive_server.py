"""The heartbeat server of the tutorials: it looks for the dead only when somebody speaks.

    python naive_server.py HOST:PORT [EXPIRE]
"""

import socket
import sys
import time

host, _, port = sys.argv[1].rpartition(":")
host = host.strip("[]")
expire = float(sys.argv[2]) if len(sys.argv) > 2 else 10
server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
server.bind((host, int(port)))
clients = {}
while True:
    data, sender = server.recvfrom(1024)
    name = data.decode().partition(" ")[2]
    if sender not in clients:
        print(("joined %s:%d %s" % (sender[0], sender[1], name)).rstrip(), flush=True)
        print("active", len(clients) + 1, flush=True)
    clients[sender] = time.time(), name
    server.sendto(b"ALIVE", sender)
    for client in list(clients):
        heard, name = clients[client]
        if time.time() - heard > expire:
            del clients[client]
            print(("expired %s:%d %s" % (client[0], client[1], name)).rstrip(), flush=True)
            print("active", len(clients), flush=True)
