"""Prints short lines as fast as it can, for ever."""

import itertools

for number in itertools.count():
    print(number, "x" * 100)
