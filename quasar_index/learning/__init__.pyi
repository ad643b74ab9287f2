"""Training of encoders without ratings: GRepQ's low and high level (Srinath et al. 2024)."""

from .high_level import HighLevel
from .low_level import LowLevel
from .similarity import SIMILARITIES, Similarity, similarities
from .task import Task
from .trainer import Progress, Start, TrainingReport, check_output, train

__all__ = [
    "SIMILARITIES",
    "HighLevel",
    "LowLevel",
    "Progress",
    "Similarity",
    "Start",
    "Task",
    "TrainingReport",
    "check_output",
    "similarities",
    "train",
]
