"""Sends a few lines to a server and does not wait for anything.

    python sender.py HOST:PORT --name alice --lines 3 [--every 0.1]
"""

import argparse
import socket
import time


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", type=endpoint)
    parser.add_argument("--name", default="sender")
    parser.add_argument("--lines", type=int, default=3)
    parser.add_argument("--every", type=float, default=0.1, help="seconds between lines")
    options = parser.parse_args()
    family = socket.AF_INET6 if ":" in options.address[0] else socket.AF_INET
    sender = socket.socket(family, socket.SOCK_DGRAM)
    for number in range(1, options.lines + 1):
        sender.sendto(f"hello {number} from {options.name}".encode(), options.address)
        print(f"sent {number}", flush=True)
        time.sleep(options.every)


if __name__ == "__main__":
    main()
