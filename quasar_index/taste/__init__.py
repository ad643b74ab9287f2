"""One person's taste: what to judge next, ratings of pairs, an index of what was judged, and how far it goes."""

from .agreement import Agreement, agreement_of_pairs, agreement_of_ratings
from .choosing import next_pairs, next_to_judge
from .making import build_taste, source_of_taste
from .pairs import ratings_of_pairs

__all__ = [
    "Agreement",
    "agreement_of_pairs",
    "agreement_of_ratings",
    "build_taste",
    "next_pairs",
    "next_to_judge",
    "ratings_of_pairs",
    "source_of_taste",
]
