"""Something in an index that is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass

RESTORE = "restore the folder from a copy, go back to a version that is whole ('quasar-index restore'), or rebuild it"


@dataclass(frozen=True)
class Damage:
    """Something that is not as it should be.

    Attributes:
        part: "manifest", "history", "table", "cache", "kept", "files" or "leftover".
        message: What is wrong, in one line.
        mend: What to do about it.
        can_repair: Whether `verify(repair=True)` mends it.
        repaired: Whether it did.
    """

    part: str
    message: str
    mend: str
    can_repair: bool = False
    repaired: bool = False
