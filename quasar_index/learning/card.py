"""What lies beside trained weights: the model card, the picture of the loss, the log of the steps."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, reason
from ..pictures import write_picture

if TYPE_CHECKING:
    from .checkpoint import Place
    from .trainer import TrainingReport

COLUMNS = ("epoch", "step", "loss", "learning_rate", "images_per_second", "seconds")
FILE = "FILE.safetensors"
"""What `Task.about` calls the weights, whose name it does not know."""
_BLUE, _ORANGE = "#0072B2", "#D55E00"  # of Okabe and Ito: told apart by everyone, and in grey


class Log:
    """The log of a training: a CSV file, a row a step, written as they come.

    Args:
        target: The weights, beside which it lies.
        rows: Of an interrupted run, up to its checkpoint; what it wrote after that is made again.
    """

    def __init__(self, target: Path, rows: Sequence[Sequence[float]]) -> None:
        self._path = target.with_suffix(".csv")
        try:
            self._file = self._path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise DataError(f"'{self._path}' cannot be written ({reason(error)})", "name another place") from error
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(COLUMNS)
        for row in rows:
            self._write(row)
        self._file.flush()

    def _write(self, row: Sequence[float]) -> None:
        epoch, step, loss, rate, speed, seconds = row
        self._writer.writerow([int(epoch), int(step), repr(loss), f"{rate:.6g}", f"{speed:.1f}", f"{seconds:.2f}"])

    def add(self, row: Sequence[float]) -> None:
        """Add a step."""
        self._write(row)
        self._file.flush()

    def __enter__(self) -> Log:
        """Return the log."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()


def draw_loss(path: Path, place: Place, steps_per_epoch: int) -> None:
    """Draw the loss of each step, its mean over each epoch, and the loss of the data kept aside.

    Raises:
        DataError: When the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    losses = [row[2] for row in place.rows]
    n_epochs = len(losses) // steps_per_epoch
    means = [sum(losses[n * steps_per_epoch : (n + 1) * steps_per_epoch]) / steps_per_epoch for n in range(n_epochs)]
    figure = Figure(figsize=(7, 4), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    axis.plot(
        [(n + 1) / steps_per_epoch for n in range(len(losses))], losses, color="0.75", linewidth=1, label="each step"
    )
    epochs = range(1, n_epochs + 1)
    axis.plot(epochs, means, color=_BLUE, marker="o", markersize=4, label="mean of an epoch")
    if place.held_out:
        axis.plot(epochs, place.held_out, color=_ORANGE, marker="s", markersize=4, label="kept aside")
    axis.set_xlabel("epoch")
    axis.set_ylabel("loss")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.legend(frameon=False)
    write_picture(figure, path)


def card_text(name: str, about: Mapping[str, str], report: TrainingReport) -> str:
    """Return the model card, in Markdown."""
    settings = "\n".join(f"| {key} | {value} |" for key, value in report.settings.items())
    head, rule = "| epoch | loss |", "|---|---|"
    rows = [f"| {n} | {loss:.4f} |" for n, loss in enumerate(report.losses, start=1)]
    if report.held_out:
        head, rule = f"{head} kept aside |", f"{rule}---|"
        rows = [f"{row} {loss:.4f} |" for row, loss in zip(rows, report.held_out, strict=True)]
    losses = "\n".join([head, rule, *rows])
    sections = "\n\n".join(f"## {title}\n\n{text}" for title, text in about.items())
    sections = sections.replace(FILE, report.path.name)
    return (
        f"# {name}: {report.path.name}\n\n{sections}\n\n## Training\n\n"
        f"| setting | |\n|---|---|\n{settings}\n\n"
        f"Arithmetic: {report.precision} ({report.why}); {report.images_per_second:.1f} images a second. "
        f"The loss, `{report.path.with_suffix('.png').name}`; each step, `{report.path.with_suffix('.csv').name}`.\n\n"
        f"{losses}\n"
    )
