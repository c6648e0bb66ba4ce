"""Named links, each with its source. A value that the source does not give is not set.

The presets of WebPageTest and of Chrome give a round-trip time; half of it is the delay of each
direction. Their rates differ by direction; a profile is one direction, hence ``-up`` and ``-down``.

Sources:
    WebPageTest, ``connectivity.ini.sample``, github.com/catchpoint/WebPageTest (BwIn, BwOut in
    kbit/s, Latency as round trip in ms).
    Chrome DevTools, ``NetworkManager.ts``, "Slow 3G" and "Fast 3G" before their factors for
    request-level throttling: 400 kbit/s and 400 ms, 1.6 Mbit/s and 150 ms.
    ITU-T G.114 (05/2003), annex A: 260 ms one way over a geostationary satellite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.scenario.model import LinkFields

_MS: Final = 1_000_000
_KBIT: Final = 1_000
_WEBPAGETEST: Final = "WebPageTest connectivity.ini.sample"
_CHROME: Final = "Chrome DevTools NetworkManager.ts"


@dataclass(frozen=True, slots=True)
class Profile:
    """The fields of one direction of a link, and where they come from."""

    fields: LinkFields
    source: str


def _preset(source: str, delay_ms: int, rate_kbit: int | None = None) -> Profile:
    rate_bps = None if rate_kbit is None else rate_kbit * _KBIT
    return Profile(LinkFields(delay_ns=delay_ms * _MS, rate_bps=rate_bps), source)


PROFILES: Final[Mapping[str, Profile]] = {
    "adsl-down": _preset(f"{_WEBPAGETEST}, DSL", 25, 1_500),
    "adsl-up": _preset(f"{_WEBPAGETEST}, DSL", 25, 384),
    "cable-down": _preset(f"{_WEBPAGETEST}, Cable", 14, 5_000),
    "cable-up": _preset(f"{_WEBPAGETEST}, Cable", 14, 1_000),
    "fibre-down": _preset(f"{_WEBPAGETEST}, FIOS", 2, 20_000),
    "fibre-up": _preset(f"{_WEBPAGETEST}, FIOS", 2, 5_000),
    "modem-down": _preset(f"{_WEBPAGETEST}, Dial", 60, 49),
    "modem-up": _preset(f"{_WEBPAGETEST}, Dial", 60, 30),
    "2g-down": _preset(f"{_WEBPAGETEST}, 2G", 400, 280),
    "2g-up": _preset(f"{_WEBPAGETEST}, 2G", 400, 256),
    "3g-down": _preset(f"{_WEBPAGETEST}, 3G", 150, 1_600),
    "3g-up": _preset(f"{_WEBPAGETEST}, 3G", 150, 768),
    "4g": _preset(f"{_WEBPAGETEST}, 4G", 85, 9_000),
    "lte": _preset(f"{_WEBPAGETEST}, LTE", 35, 12_000),
    "slow-3g": _preset(f"{_CHROME}, Slow 3G", 200, 400),
    "fast-3g": _preset(f"{_CHROME}, Fast 3G", 75, 1_600),
    "satellite-geo": _preset("ITU-T G.114 (05/2003), annex A, geostationary satellite", 260),
}
