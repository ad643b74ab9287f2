"""The selectors by name, as the command knows them."""

from __future__ import annotations

from typing import Any

from ..errors import MethodError
from ..notation import is_frozen
from ..plugins import Registry
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

_OWN: dict[str, type[Selector]] = {
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


def _of_plugin(name: str, found: Any, package: str) -> type[Selector]:  # noqa: ARG001
    """Check what the entry point of a plugin names."""
    if not (isinstance(found, type) and hasattr(found, "select") and is_frozen(found)):
        raise MethodError("it is no dataclass(frozen=True) with a method `select`")
    found()  # what no default makes cannot be named
    return found


SELECTORS: Registry[type[Selector]] = Registry("selector", "quasar_index.selectors", _OWN, _of_plugin)
"""The selectors by name: our own, and those of plugins."""


def selector_name(selector: Selector) -> str:
    """Return the name of a selector, or that of its class where it is not one of `SELECTORS`."""
    return next((name for name, known in SELECTORS.items() if known is type(selector)), type(selector).__name__)
