"""How figures of the docs look: no background, and colours that can be read on white and on black."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

mpl.use("agg")
GREY = "#808080"
GOOD = "#3a8fd0"
BAD = "#e0803a"
ACCENT = "#c75ab0"
FOLDER = Path(__file__).parents[1] / "concepts" / "figures"
mpl.rcParams.update(
    {
        "font.size": 10, "text.color": GREY, "axes.labelcolor": GREY, "axes.edgecolor": GREY, "axes.titlecolor": GREY,
        "xtick.color": GREY, "ytick.color": GREY, "legend.labelcolor": GREY, "legend.frameon": False,
        "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
    }
)  # fmt: skip


def figure(height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """Return a figure as wide as a page of the docs, of a height in inches, and its panels."""
    fig, panels = plt.subplots(rows, columns, figsize=(7, height))
    return fig, panels if rows * columns == 1 else panels.ravel()


def axes(ax: Any, x: str, y: str) -> None:
    """Name the axes, and draw a grid that hides nothing."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.grid(color=GREY, alpha=0.2, lw=0.6)
    ax.set_axisbelow(True)
    ax.set_facecolor("none")


def save(fig: Any, name: str) -> None:
    """Write a figure as WebP, without a background."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fig.savefig(
        FOLDER / f"{name}.webp", dpi=140, transparent=True, pil_kwargs={"quality": 88, "method": 6, "lossless": False}
    )
    plt.close(fig)
