"""Randomness: one root seed, one named stream for each use. No other module imports ``random``.

A stream depends on the root seed and on its own name and on nothing else, so switching one fault
on never shifts the draws of another. Names are keyed by digest, never by ``hash()``, which
differs between processes.
"""

from __future__ import annotations

import hashlib
import random
import secrets

Stream = random.Random
"""A generator of its own for one use, such as ``link/alice>server/loss``."""

SEED_BITS = 63


def _digest(seed: int, name: str) -> int:
    text = f"{seed}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


def stream(seed: int, name: str) -> Stream:
    """The stream called ``name`` under the root ``seed``; equal arguments, equal draws."""
    return random.Random(_digest(seed, name))


def derived_seed(seed: int, name: str) -> int:
    """A seed for a part of the work, such as the third run of a variant."""
    return _digest(seed, name) >> (128 - SEED_BITS)


def drawn_seed() -> int:
    """A fresh root seed from the machine's entropy, for ``--seed random``."""
    return secrets.randbits(SEED_BITS)
