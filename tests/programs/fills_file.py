"""Prints lines as fast as it can, for ever; as long as the first argument says, else short ones."""

import itertools
import sys

WIDTH = int(sys.argv[1]) if len(sys.argv) > 1 else 100

for number in itertools.count():
    print(number, "x" * WIDTH)
