"""The names of what the link engine itself can do to a packet."""

from __future__ import annotations

from typing import Literal

DropWord = Literal["loss", "cut", "queue", "corrupt"]
