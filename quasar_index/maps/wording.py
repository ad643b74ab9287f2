"""What a map says about itself, the same in a picture and on a page."""

from __future__ import annotations

from ..errors import counted
from .projection import AnchorMap

_MOST = 48


def map_title(projection: AnchorMap, name: str) -> str:
    """Return whose anchors these are, and in which space."""
    return f"{name}: {counted(projection.n_anchors, 'anchor', form=',')}, {projection.space} space"


def map_subtitle(projection: AnchorMap) -> str:
    """Return how they were projected, and what that leaves out."""
    said = [projection.projection.upper()]
    if projection.explained is not None:
        said[0] += f": these two axes hold {percent(sum(projection.explained))} of the variance"
    if len(projection) < projection.n_anchors:
        said.append(f"{counted(len(projection), 'anchor', form=',')} drawn at random")
    return "; ".join(said)


def axis_titles(projection: AnchorMap) -> tuple[str, str]:
    """Return the names of the two axes."""
    if projection.explained is None:
        return "UMAP 1", "UMAP 2"
    first, second = (f"component {n} ({percent(part)})" for n, part in enumerate(projection.explained, start=1))
    return first, second


def percent(share: float) -> str:
    """Return a share as `12.3 %`."""
    return f"{100 * share:.1f} %"


def shorten(text: str, most: int = _MOST) -> str:
    """Return a text on one line that a legend has room for."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
