"""A UDP echo server that logs who sent what and answers ``Ack: …``.

    python server.py HOST:PORT [--quiet]

It takes one line of UTF-8 text of at most 1,000 bytes; anything else is logged and not answered.
"""

import argparse
import socket

MAX_TEXT = 1000


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def listening_socket(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind(address)
    return server


def text_of(datagram):
    """The line in a datagram, or None when it is not one short line of text."""
    if not datagram or len(datagram) > MAX_TEXT:
        return None
    try:
        text = datagram.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def serve(server, *, quiet):
    while True:
        datagram, sender = server.recvfrom(65535)
        text = text_of(datagram)
        if text is None:
            print(f"ignored {len(datagram)} bytes from {sender[0]}:{sender[1]}", flush=True)
            continue
        print(f"from {sender[0]}:{sender[1]}: {text}", flush=True)
        if quiet:
            continue
        try:
            server.sendto(f"Ack: {text}".encode(), sender)
        except OSError as error:
            print(f"no answer to {sender[0]}:{sender[1]}: {error}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--quiet", action="store_true", help="log only, never answer")
    options = parser.parse_args()
    serve(listening_socket(options.address), quiet=options.quiet)


if __name__ == "__main__":
    main()
