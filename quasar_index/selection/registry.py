"""The selectors by name, as the command knows them."""

from __future__ import annotations

from .base import Selector
from .content_pairs import ContentPairs
from .density import Density, OutlierTrimmed
from .extremes import Extremes
from .facility_location import FacilityLocation
from .forward import Forward
from .herding import Herding
from .influence import Influence
from .kcenter import KCenter
from .kmeans import KMeansRepresentatives
from .kmedoids import KMedoids
from .mmr import Mmr
from .random_draw import Random

SELECTORS: dict[str, type[Selector]] = {
    "random": Random,
    "extremes": Extremes,
    "kmeans": KMeansRepresentatives,
    "kmedoids": KMedoids,
    "k-center": KCenter,
    "herding": Herding,
    "facility-location": FacilityLocation,
    "mmr": Mmr,
    "density": Density,
    "outlier-trimmed": OutlierTrimmed,
    "content-pairs": ContentPairs,
    "forward": Forward,
    "influence": Influence,
}


def selector_name(selector: Selector) -> str:
    """Return the name of a selector, or that of its class where it is not one of `SELECTORS`."""
    return next((name for name, known in SELECTORS.items() if known is type(selector)), type(selector).__name__)
