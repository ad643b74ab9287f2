"""Which images to keep: ranks, one image of each burst, and files copied or linked without overwriting anything."""

from .bursts import ALIKE, PAUSE, leave_one_of_a_burst, taken_at
from .placing import Placed, Placement, check_target, place_files
from .ranking import Share, order_of, percentiles, read_share

__all__ = [
    "ALIKE",
    "PAUSE",
    "Placed",
    "Placement",
    "Share",
    "check_target",
    "leave_one_of_a_burst",
    "order_of",
    "percentiles",
    "place_files",
    "read_share",
    "taken_at",
]
