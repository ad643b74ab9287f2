"""Points and colours as plain data for pages: `scatter.js` draws them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from ..cells import as_text
from .colouring import Colouring, Groups
from .wording import shorten


def packed(values: npt.NDArray[Any]) -> str:
    """Return numbers as the base64 of their little-endian bytes."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()).decode()


def packed_colours(found: Colouring) -> dict[str, Any]:
    """Return a colouring as plain data: a code of its group for each point, or a number."""
    title = as_text(found.title)
    if isinstance(found, Groups):
        codes = np.zeros(len(found.groups[0].members), dtype=np.uint8)
        for number, group in enumerate(found.groups):
            codes[group.members] = number
        groups = [[as_text(shorten(one.label)), one.colour, int(one.members.sum())] for one in found.groups]
        return {"kind": "groups", "title": title, "groups": groups, "codes": packed(codes)}
    return {
        "kind": "scale",
        "title": title,
        "values": packed(found.values.astype(np.float32)),
        "low": float(np.nanmin(found.values)),
        "high": float(np.nanmax(found.values)),
        "n_unknown": int(np.isnan(found.values).sum()),
    }


def default_colour(quality: npt.NDArray[Any] | None) -> str:
    """Return what a map is coloured by where nobody says: "rating" where there is one, else "side"."""
    return "side" if quality is None or np.isnan(quality).all() else "rating"
