"""For whom a check is judged: every choice of members for the groups that it names.

``client`` is the same member everywhere in the check, ``other client`` each further one, and
``other peer-7`` each but that one; ``any client`` binds nothing. Names in texts count like HOST
words.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.checks.host_words import NOTHING, Binding, HostWord
from harness.checks.matching import compile_pattern
from harness.scenario.model import AtPattern, Instant, Kind, Pattern, Plain, Scenario, Single


def bindings(plain: Plain, scenario: Scenario) -> list[Binding]:
    """Every binding under which a check is to be judged; one empty one where it names no group."""
    words: dict[str, HostWord] = {}
    for single in singles_of(plain):
        for word in compile_pattern(single, scenario).host_words:
            if word.key:
                words.setdefault(word.key, word)
    found: list[Binding] = [NOTHING]
    # Plain groups first, so that `other client` finds the member that it must not be.
    for word in sorted(words.values(), key=lambda word: (word.key != word.ref.name, word.key)):
        found = [bound for binding in found for bound in _choices(word, binding, scenario)]
    return found


def _choices(word: HostWord, binding: Binding, scenario: Scenario) -> Iterator[Binding]:
    host = scenario.hosts.get(word.ref.name)
    for name in host.members if host else ():
        bound = word.bind(name, binding)
        if bound is not None:
            yield bound


def members_text(binding: Binding) -> str:
    """The members that a binding holds, in words: ``client-1, other client-2``."""
    return ", ".join(
        f"other {name}" if key.startswith("other ") else name for key, name in binding.items()
    )


def singles_of(plain: Plain) -> Iterator[Single]:
    """Every plain pattern in a check, wherever it stands; a measure's flows as sent on them."""
    if plain.measure is not None and plain.measure.flows:
        yield Single(Kind.SENT, plain.place, flows=plain.measure.flows)
    for pattern in patterns_of(plain):
        yield from _singles(pattern)


def patterns_of(plain: Plain) -> Iterator[Pattern]:
    """Every pattern in a check: its own, its anchor's, and those that bound or measure."""
    measure, during = plain.measure, plain.during
    own = (plain.pattern, plain.unless)
    measured = (measure.pattern, measure.per, measure.to) if measure else ()
    instants: tuple[Instant | None, ...] = (plain.anchor.instant if plain.anchor else None,)
    if during is not None:
        instants = (*instants, during.start, during.end)
    yield from (pattern for pattern in (*own, *measured) if pattern is not None)
    yield from (instant.pattern for instant in instants if isinstance(instant, AtPattern))


def _singles(pattern: Pattern) -> Iterator[Single]:
    if isinstance(pattern, Single):
        yield pattern
        return
    for part in pattern.patterns:
        yield from _singles(part)
