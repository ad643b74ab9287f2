"""What an evaluation writes beside its table: a picture, a row an image, a line a method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import quasar_index as qi
from quasar_index.encoders.spec import EncoderSpec

from . import evaluation_results
from .output import Row, check_output, choose_format, write_rows

TEXT = ("path", "id", "group")
PREDICTIONS = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Outputs:
    """Files that the user asked for, None where not.

    Attributes:
        picture: Scores against ratings.
        predictions: A row an image.
        results: A line a method, added.
        sheet: What the first two methods see.
        by_seed: A row a method, number of labels and seed, of few labels.
    """

    picture: Path | None
    predictions: Path | None
    results: Path | None
    sheet: Path | None = None
    by_seed: Path | None = None

    def check(self, inputs: Sequence[str | Path | None]) -> None:
        """Find out whether all can be written, before anything takes long.

        Raises:
            DataError: When one cannot.
        """
        for picture in (self.picture, self.sheet):
            if picture is not None:
                qi.pictures.check_picture(picture)
        for option, path, endings in (
            ("--predictions", self.predictions, PREDICTIONS),
            ("--results", self.results, evaluation_results.ENDINGS),
            ("--output", self.by_seed, PREDICTIONS),
        ):
            if path is not None:
                check_new(option, path, inputs, endings)

    def write(
        self,
        report: qi.EvaluationReport,
        images: Sequence[qi.RatedImages],
        indexes: Mapping[str, qi.AnchorIndex],
        encoder: EncoderSpec | None,
        *,
        by: Sequence[str],
        asked: Mapping[str, Any],
    ) -> None:
        """Write them; arguments as of `append_results`.

        Raises:
            DataError: When one cannot be written.
        """
        if self.picture is not None:
            qi.draw_evaluation(report, self.picture)
        if self.sheet is not None:
            qi.validation.draw_sheet(report, self.sheet, read_bytes=images[0].read_bytes)
        if self.predictions is not None:
            write_predictions(report, self.predictions, by)
        if self.results is not None:
            evaluation_results.append_results(self.results, report, images, indexes, encoder, asked)


def check_new(option: str, output: Path, inputs: Sequence[str | Path | None], endings: Sequence[str]) -> None:
    """Find out whether a file can be written, before anything takes long.

    Raises:
        DataError: When its ending is none of these, it is an input, or its place cannot be written to.
    """
    if output.suffix.lower() not in endings:
        names = " or ".join([", ".join(endings[:-1]), endings[-1]] if endings[1:] else endings)
        raise qi.DataError(f"'{output}' names no format by its ending", f"name it {names}")
    if any(one is not None and output.resolve() == Path(one).resolve() for one in inputs):
        raise qi.DataError(f"'{output}' is what is evaluated", f"give {option} another file")
    check_output(option, str(output))


def write_predictions(report: qi.EvaluationReport, output: Path, by: Sequence[str] = ()) -> None:
    """Write a row an image: path, id, rating, group, fold, the columns of `--by`, and the score of each method.

    Raises:
        DataError: When the file cannot be written.
    """
    known = [name for name in ("path", "id", "rating", "group", "fold") if name == "rating" or name in report.columns]
    more = [name for name in by if name not in known]
    labels = [outcome.label for outcome in report.outcomes]
    columns = [*known, *more, *labels]

    def rows() -> Iterator[Row]:
        for row, rating in enumerate(report.quality.tolist()):
            cells: dict[str, Any] = {"rating": rating}
            for name in (*known, *more):
                if name != "rating":
                    value = report.columns[name][row]
                    cells[name] = value if value is None or name == "fold" else str(value)
            yield cells | {one.label: float(one.scores[row]) for one in report.outcomes}

    write_rows(rows(), columns, format_=choose_format(None, str(output)), output=str(output), text=(*TEXT, *more))
