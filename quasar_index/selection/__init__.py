"""Anchor subset selection: how few anchors, and which; one selector a file."""

from __future__ import annotations

from .base import Selector
from .content_pairs import ContentPairs
from .density import Density, OutlierTrimmed
from .extremes import Extremes
from .facility_location import FacilityLocation
from .forward import Forward
from .held_out import leave_group_out_correlation, leave_group_out_scores
from .herding import Herding
from .influence import Influence
from .kcenter import KCenter
from .kmeans import KMeansRepresentatives
from .kmedoids import KMedoids
from .mmr import Mmr
from .random_draw import Random
from .registry import SELECTORS
from .subset import SelectReport, allocate, select_anchors, select_subset

__all__ = [
    "SELECTORS",
    "ContentPairs",
    "Density",
    "Extremes",
    "FacilityLocation",
    "Forward",
    "Herding",
    "Influence",
    "KCenter",
    "KMeansRepresentatives",
    "KMedoids",
    "Mmr",
    "OutlierTrimmed",
    "Random",
    "SelectReport",
    "Selector",
    "allocate",
    "leave_group_out_correlation",
    "leave_group_out_scores",
    "select_anchors",
    "select_subset",
]
