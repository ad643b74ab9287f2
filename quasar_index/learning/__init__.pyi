"""Training of encoders without ratings: GRepQ's low and high level (Srinath et al. 2024)."""

from .similarity import SIMILARITIES, Similarity, similarities

__all__ = ["SIMILARITIES", "Similarity", "similarities"]
