"""The language as JSON Schema 2020-12, for editors that complete and explain a scenario file.

Derived from :mod:`harness.scenario.vocabulary`, so it knows every key that the readers know. It is
looser than the readers: what only shows when values are seen together is refused by them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from harness.link.words import DropWord
from harness.scenario.vocabulary import (
    CHECK_KINDS,
    MEASURE_KINDS,
    NOUNS,
    PATTERN_KINDS,
    Key,
    names,
)

Schema = dict[str, Any]
