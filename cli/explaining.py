"""What `score` tells beside the scores: opinion scores, the anchors that made each score, a page to look at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from .output import check_output, new_file, note, printable

OPINIONS = ("mos", "low", "high", "familiarity")
EXPLAIN_TOP = 100
_BLOCK = 128
_ROWS = 1 << 16
_PANEL = "Explanation"

ExplainOption = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="FILE",
        help="Also write the anchors that made each score, a row each, to .jsonl or .parquet.",
        rich_help_panel=_PANEL,
    ),
]
ExplainTopOption = Annotated[
    int | None,
    typer.Option(
        "--explain-top",
        min=0,
        help="Anchors a side in that file, the largest contributions first; 0 for all, which alone rebuild the scores."
        f"  [{EXPLAIN_TOP}]",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
ReportOption = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Also write one page to look at: images, scores, nearest good and bad anchors.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True)
class Wishes:
    """What is wanted beside the rows: files to write, or None."""

    explain: str | None = None
    explain_top: int | None = None
    report: str | None = None

    def __bool__(self) -> bool:
        """Say whether anything is."""
        return self.explain is not None or self.report is not None

    def check(self, output: str | None) -> None:
        """Find what is wrong with the files before images are scored.

        Raises:
            DataError: When a name has the wrong ending, or its folder does not exist.
            BadParameter: When two options name one file, or one misses its other.
        """
        if self.explain_top is not None and self.explain is None:
            raise typer.BadParameter("--explain-top is for --explain FILE")
        endings = (("--explain", self.explain, (".jsonl", ".parquet")), ("--report", self.report, (".html", ".htm")))
        taken = {output}
        if output is not None:
            check_output("--output", output)
        for option, file, known in endings:
            if file is None:
                continue
            if PurePosixPath(file).suffix.lower() not in known:
                raise qi.DataError(f"{option} '{file}' does not end in {' or '.join(known)}", "name another file")
            if file in taken:
                raise typer.BadParameter(f"'{file}' is named twice: {option} needs a file of its own")
            taken.add(file)
            check_output(option, file)


@contextlib.contextmanager
def beside(
    wishes: Wishes,
    scorer: qi.Scorer,
    index: qi.AnchorIndex | None,
    calibration: qi.IndexCalibration | None,
    facts: Mapping[str, str | None],
    max_pixels: int,
) -> Iterator[Callable[[Iterator[qi.ScoredImage]], Iterator[tuple[qi.ScoredImage, dict[str, float]]]]]:
    """Write files while images stream by.

    Args:
        wishes: The files.
        scorer: What scores the images.
        index: The index of its anchors, if there is one.
        calibration: Gives opinion scores; None for none.
        facts: For the head of the report; those that are None are left out.
        max_pixels: Largest image that is decoded for the report.

    Yields:
        A function that hands images on, each with its opinion scores; the files are complete once all have passed and
        the block has ended.
    """
    labels = qi.report.AnchorLabels.of(scorer.fitted.table, index) if wishes else None
    page = None
    if wishes.report is not None:
        known = {name: value for name, value in facts.items() if value is not None}
        if calibration is not None:
            fitted = calibration.calibration
            known["opinion scores"] = (
                f"{fitted.level:.0%} interval, which held for {fitted.coverage:.1%} of anchors in groups left out "
                f"({calibration.groups})"
            )
        page = qi.Report(scorer.fitted, index, facts=known, max_pixels=max_pixels, labels=labels)
    with contextlib.ExitStack() as stack:
        explain = None
        if wishes.explain is not None and labels is not None:
            top = EXPLAIN_TOP if wishes.explain_top is None else wishes.explain_top
            explain = stack.enter_context(_explanations(wishes.explain, scorer.fitted, labels, top or None))

        def passing(images: Iterator[qi.ScoredImage]) -> Iterator[tuple[qi.ScoredImage, dict[str, float]]]:
            while block := list(islice(images, _BLOCK if calibration or wishes else 1)):
                opinions = _opinions(block, scorer, calibration)
                if explain is not None:
                    explain(block)
                if page is not None:
                    page.add(block, opinions)
                for image, opinion in zip(block, opinions, strict=True):
                    yield image, asdict(opinion) if opinion else {}

        yield passing
    if page is not None and wishes.report is not None:
        with new_file(wishes.report) as path:
            page.write(path)
        if page.n_left_out:
            note(f"report: the page shows the first {len(page)} of {counted(len(page) + page.n_left_out, 'image')}")


def _opinions(
    images: Sequence[qi.ScoredImage], scorer: qi.Scorer, calibration: qi.IndexCalibration | None
) -> list[qi.report.Opinion | None]:
    """Return the opinion scores of some images; None for images without a score, or without a calibration."""
    embeddings, scores = _embeddings(images), [image.score for image in images if image.score is not None]
    if calibration is None or embeddings is None:
        return [None] * len(images)
    anchors = scorer.fitted.anchors
    assert not isinstance(anchors, qi.AnchorIndex)  # noqa: S101 - for the type checker
    known = calibration.familiarity(anchors, embeddings)
    columns = (*calibration.predict(scores), known)
    found = (qi.report.Opinion(*map(float, row)) for row in zip(*columns, strict=True))
    return [None if image.score is None else next(found) for image in images]


def _embeddings(images: Sequence[qi.ScoredImage]) -> Any:
    """Stack the embeddings of those images that have one; None where none has."""
    import numpy as np

    found = [image.embedding for image in images if image.embedding is not None]
    return np.stack(found) if found else None


@contextlib.contextmanager
def _explanations(
    output: str, fitted: qi.FittedMethod, labels: qi.report.AnchorLabels, top: int | None
) -> Iterator[Callable[[Sequence[qi.ScoredImage]], None]]:
    """Open the file of explanations, and offer a function that writes those of a block of images."""
    import numpy as np

    list(fitted.explain(np.empty((0, fitted.dim), np.float32)))  # says now what cannot be explained
    n_cut = 0
    kind = _Parquet if PurePosixPath(output).suffix.lower() == ".parquet" else _JsonLines
    try:
        with new_file(output) as path, kind(path) as file:

            def write(images: Sequence[qi.ScoredImage]) -> None:
                nonlocal n_cut
                embeddings = _embeddings(images)
                if embeddings is None:
                    return
                scored = (image for image in images if image.embedding is not None)
                for image, explanation in zip(scored, fitted.explain(embeddings), strict=True):
                    table = qi.report.explanation_table(explanation, fitted, labels, top=top)
                    n_cut += len(table) < len(explanation)
                    for start in range(0, len(table), _ROWS):
                        file.write(image.path, table.slice(start, _ROWS))

            yield write
    except OSError as error:
        reason = error.strerror or error
        raise qi.DataError(
            f"'{output}' cannot be written ({reason})", "check the place that --explain names"
        ) from error
    if n_cut:
        note(
            f"explain: {counted(top or 0, 'anchor')} a side of {counted(n_cut, 'image')}; --explain-top 0 writes "
            f"all, which rebuild the scores"
        )


class _JsonLines:
    """Writes tables as JSON lines."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def __enter__(self) -> _JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, image: str, table: Any) -> None:
        """Write the rows of one image."""
        # Escaped to ASCII: names may hold anything, also bytes that are no UTF-8.
        lines = (json.dumps({"path": image, **row}) + "\n" for row in table.to_pylist())
        self._file.write("".join(lines).encode())


class _Parquet:
    """Writes tables to Parquet, in row groups of a useful size."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._writer = pq.ParquetWriter(path, pa.schema([("path", pa.string()), *qi.report.EXPLANATION_SCHEMA]))
        self._waiting: list[Any] = []
        self._n_waiting = 0

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def write(self, image: str, table: Any) -> None:
        """Write the rows of one image."""
        import pyarrow as pa

        self._waiting.append(table.add_column(0, "path", pa.repeat(pa.scalar(printable(image)), len(table))))
        self._n_waiting += len(table)
        if self._n_waiting >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._n_waiting = [], 0
