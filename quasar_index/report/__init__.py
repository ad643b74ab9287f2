"""What people look at after scoring: a page of the images with their nearest anchors, and tables of explanations."""

from ..methods.scorings import Opinion
from .collect import Report
from .labels import EXPLANATION_SCHEMA, AnchorLabels, explanation_table
from .patches import PATCH_SCHEMA, UnusualPatches, patch_table, unusual_scale

__all__ = [
    "EXPLANATION_SCHEMA",
    "PATCH_SCHEMA",
    "AnchorLabels",
    "Opinion",
    "Report",
    "UnusualPatches",
    "explanation_table",
    "patch_table",
    "unusual_scale",
]
