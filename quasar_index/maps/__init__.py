"""A map of the anchors: their space in two dimensions, coloured, as a picture or a page (QUASAR paper, Fig. 1b)."""

from .colouring import MAX_CATEGORIES
from .drawing import check_map, draw_map
from .marking import Marks, mark_subset, mark_where
from .projection import MAP_SAMPLE, PROJECTIONS, AnchorMap, ProjectionName, project_anchors

__all__ = [
    "MAP_SAMPLE",
    "MAX_CATEGORIES",
    "PROJECTIONS",
    "AnchorMap",
    "Marks",
    "ProjectionName",
    "check_map",
    "draw_map",
    "mark_subset",
    "mark_where",
    "project_anchors",
]
