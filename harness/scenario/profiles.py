"""Named links, each with its source. A value that the source does not give is not set.

The presets of WebPageTest give a round-trip time; half of it is the delay of each direction. Where
their rates differ by direction there is a profile for each, ``-down`` and ``-up``.

Sources:
    WebPageTest, ``connectivity.ini.sample``, github.com/catchpoint/WebPageTest (BwIn, BwOut in
    kbit/s, Latency as round trip in ms).
    ITU-T G.114 (05/2003), table A.1: 260 ms one way over a satellite at 36,000 km.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from harness.scenario.model import LinkFields

_MS: Final = 1_000_000
_KBIT: Final = 1_000
_WEBPAGETEST: Final = "WebPageTest connectivity.ini.sample"


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
    "3g-slow": _preset(f"{_WEBPAGETEST}, 3GSlow", 200, 400),
    "3g-fast-down": _preset(f"{_WEBPAGETEST}, 3GFast", 75, 1_600),
    "3g-fast-up": _preset(f"{_WEBPAGETEST}, 3GFast", 75, 768),
    "satellite-geo": _preset("ITU-T G.114 (05/2003), table A.1, altitude 36,000 km", 260),
}
