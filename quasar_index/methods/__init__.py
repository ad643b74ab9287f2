"""All that turns anchors into scores: one method a file, and what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..notation import parameter
from .centroids import Centroids
from .clustering import Clustering
from .explanation import Explanation, explain
from .familiarity import UNLIKE, familiarity
from .fitted import FittedMethod, Scores, compare
from .knn import Knn
from .mean import Mean
from .method import TEMPERATURE, CentroidMethod, Method, RatingMethod
from .offset import Offset
from .patches import FittedPatches, Patches, PatchExplanation
from .prompts import PROMPT_PAIRS, text_anchors
from .registry import METHODS, read_method, read_methods
from .retrieval import Retrieval
from .ridge import Ridge
from .score_table import score_table
from .scoring import ScoredImage, Scorer
from .scorings import Scoring
from .shrinkage import UNRATED_SHRINKAGE, Shrinkage, rated_shrinkage
from .space import Space, fit_space
from .ties import Ties

if TYPE_CHECKING:
    from .score_folder import score_to_folder
    from .score_places import ScoreFolder

__all__ = [
    "METHODS",
    "PROMPT_PAIRS",
    "TEMPERATURE",
    "UNLIKE",
    "UNRATED_SHRINKAGE",
    "CentroidMethod",
    "Centroids",
    "Clustering",
    "Explanation",
    "FittedMethod",
    "FittedPatches",
    "Knn",
    "Mean",
    "Method",
    "Offset",
    "PatchExplanation",
    "Patches",
    "RatingMethod",
    "Retrieval",
    "Ridge",
    "ScoreFolder",
    "ScoredImage",
    "Scorer",
    "Scores",
    "Scoring",
    "Shrinkage",
    "Space",
    "Ties",
    "compare",
    "explain",
    "familiarity",
    "fit_space",
    "parameter",
    "rated_shrinkage",
    "read_method",
    "read_methods",
    "score_table",
    "score_to_folder",
    "text_anchors",
]


def __getattr__(name: str) -> Any:
    """Import what scores into folders on its first use: it needs Arrow, which one image does not."""
    if name not in ("score_to_folder", "ScoreFolder"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from .score_folder import score_to_folder
    from .score_places import ScoreFolder

    return score_to_folder if name == "score_to_folder" else ScoreFolder
