"""Options that order and choose the rows of `score`, and the columns that say why."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

import quasar_index as qi

from .output import Row, note, write_rows

PERCENTILE = "percentile"

BestOption = Annotated[
    str | None,
    typer.Option("--best", metavar="N|P%", help="Only the best, such as 20 or 10%."),
]
MinScoreOption = Annotated[
    float | None,
    typer.Option("--min-score", metavar="X", help="Only images of at least this score."),
]


@dataclass(frozen=True)
class Ranking:
    """Options that order rows and choose among them; each but `min_score` needs all rows before it prints the first."""

    sort: Annotated[
        bool | None,
        typer.Option(
            "--sort/--sort-worst",
            help="The best, or the worst, first.",
            show_default=False,
        ),
    ] = None
    best: BestOption = None
    min_score: MinScoreOption = None

    @property
    def is_whole(self) -> bool:
        """Whether all images must be scored before a row can be written."""
        return self.sort is not None or self.best is not None

    @property
    def mend(self) -> str:
        """Where the errors of images without a score stand, which are never among the best."""
        drops = [name for name, value in (("--best", self.best), ("--min-score", self.min_score)) if value is not None]
        return f"run it without {' and '.join(drops)} to see which" if drops else "see the column error"

    def check(self) -> None:
        """Find what is wrong before anything takes long.

        Raises:
            DataError: When --best is no number of images.
        """
        if self.best is not None:
            check_best(self.best)

    def write(self, rows: Iterator[Row], columns: Sequence[str], by: str, *, drain: bool = False, **how: Any) -> None:
        """Write the chosen rows, with a percentile before the error where all are known (see `write_rows`).

        Args:
            rows: All of them.
            columns: Their columns.
            by: The score that counts.
            drain: Take all rows though nobody reads, as after `| head`.
            how: Of `write_rows`.
        """
        shown = [*columns[:-1], PERCENTILE, columns[-1]] if self.is_whole else columns
        write_rows(self.choose(rows, by), shown, **how)
        if drain:
            collections.deque(rows, maxlen=0)

    def choose(self, rows: Iterator[Row], by: str) -> Iterator[Row]:
        """Order rows, and leave out those that are not wanted.

        Args:
            rows: All of them, with an `error` each, or None.
            by: The score that counts.

        Yields:
            The chosen rows; with a percentile where all are known.
        """
        if not self.is_whole:
            yield from (row for row in rows if self._is_enough(row[by]))
            return
        kept = list(rows)
        scores = [row[by] for row in kept]
        shares = qi.picking.percentiles(scores).tolist()
        order = qi.picking.order_of(scores)
        if self.best is not None:
            n_scored = sum(score is not None for score in scores)
            order = order[: n_best(self.best, n_scored)]
        if self.sort is False:  # of the best, if those are asked for
            worst = qi.picking.order_of(scores, worst_first=True)
            chosen = set(order)
            order = [place for place in worst if place in chosen]
        for place in order:
            if self._is_enough(scores[place]):
                share = None if scores[place] is None else shares[place]
                yield {**kept[place], PERCENTILE: share}

    def _is_enough(self, score: float | None) -> bool:
        return self.min_score is None or (score is not None and score >= self.min_score)


def check_best(best: str) -> None:
    """Find out whether --best is a number of images.

    Raises:
        DataError: When it is not.
    """
    try:
        qi.picking.read_share(best)
    except qi.DataError as error:
        raise qi.DataError(f"--best {error.message}", error.hint) from error


def n_best(best: str, n_scored: int) -> int:
    """Return how many images --best keeps of those that have a score; say so where it asks for more than there are."""
    share = qi.picking.read_share(best)
    if not share.is_percent and share.value > n_scored:
        note(f"--best {share} is more than the images with a score: all {n_scored} of them")
    return share.of(n_scored)


def score_columns(columns: Sequence[str]) -> list[str]:
    """Return those of the columns of rows that are scores."""
    return [name for name in columns if name == "score" or name.startswith("score_")]
