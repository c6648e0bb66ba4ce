"""Tracks which clients are active: each is expired a fixed time after its last heartbeat.

    python server.py HOST:PORT [--expire 10] [--most 1000]

A heartbeat is a datagram ``HEARTBEAT`` or ``HEARTBEAT NAME``; it is answered with ``ALIVE``. The
server prints ``joined``, ``expired`` and the number of ``active`` clients. It sleeps until the
next expiry is due or a datagram comes, so nothing depends on traffic.
"""

import argparse
import re
import select
import socket
import time

HEARTBEAT = re.compile(rb"HEARTBEAT(?: ([A-Za-z0-9_-]{1,32}))?")


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def listening_socket(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind(address)
    server.setblocking(False)
    return server


class Table:
    """The active clients, the longest silent first (a dict keeps its order of insertion)."""

    def __init__(self, expire, most):
        self.expire = expire
        self.most = most
        self.last_heard = {}

    def heard(self, client, now):
        """Note a heartbeat; True when the client is new."""
        new = self.last_heard.pop(client, None) is None
        if new and len(self.last_heard) >= self.most:
            return False
        self.last_heard[client] = now
        return new

    def next_due(self):
        return next(iter(self.last_heard.values()), None)

    def expired(self, now):
        """Take out and return every client whose time has come."""
        gone = []
        for client, heard in self.last_heard.items():
            if now - heard < self.expire:
                break
            gone.append(client)
        for client in gone:
            del self.last_heard[client]
        return gone


def name_in(datagram):
    """The name in a heartbeat, empty when it has none; None when it is no heartbeat."""
    match = HEARTBEAT.fullmatch(datagram)
    return None if match is None else (match.group(1) or b"").decode()


def take(server, table, now):
    """Read everything that has come."""
    while True:
        try:
            datagram, sender = server.recvfrom(2048)
        except BlockingIOError:
            return
        except ConnectionError:
            continue
        name = name_in(datagram)
        if name is None:
            print(f"ignored {len(datagram)} bytes from {sender[0]}:{sender[1]}", flush=True)
            continue
        client = (sender[0], sender[1], name)
        if table.heard(client, now()):
            print(f"joined {sender[0]}:{sender[1]} {name}".rstrip(), flush=True)
            print(f"active {len(table.last_heard)}", flush=True)
        try:
            server.sendto(b"ALIVE", sender)
        except OSError as error:
            print(f"no answer to {sender[0]}:{sender[1]}: {error}", flush=True)


def serve(server, table, now=time.monotonic):
    while True:
        due = table.next_due()
        wait = None if due is None else max(0.0, due + table.expire - now())
        select.select([server], [], [], wait)
        take(server, table, now)
        for host, port, name in table.expired(now()):
            print(f"expired {host}:{port} {name}".rstrip(), flush=True)
            print(f"active {len(table.last_heard)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--expire", type=float, default=10.0, help="seconds")
    parser.add_argument("--most", type=int, default=1000, help="clients in the table")
    options = parser.parse_args()
    serve(listening_socket(options.address), Table(options.expire, options.most))


if __name__ == "__main__":
    main()
