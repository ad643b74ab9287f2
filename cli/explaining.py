"""What `score` tells beside the scores: opinion scores, the anchors that made each score, a page to look at."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from .output import check_output, new_file, note, printable
from .scorings import embeddings_of

EXPLAIN_TOP = 100
_BLOCK = 128
_ROWS = 1 << 16
_PANEL = "Explanation"
RATING_NAME = "rating_name"
"""Column of explanations that tells several ratings apart."""

ExplainOption = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="FILE",
        help="Also write the anchors that made each score (or the unusual patches), a row each, to .jsonl or .parquet.",
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
        help="Also write one page to look at: images, scores, nearest good and bad anchors (or unusual patches).",
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
    scorings: Sequence[qi.methods.Scoring],
    index: qi.AnchorIndex | None,
    facts: Mapping[str, str | None],
    max_pixels: int,
) -> Iterator[Callable[[Iterator[tuple[qi.ScoredImage, ...]]], Iterator[dict[str, Any]]]]:
    """Write files while images stream by.

    Args:
        wishes: The files; a report is of one rating.
        scorings: What scores the images; of each encoder, the one that `embeds` has scored them.
        index: The index of the anchors, if there is one.
        facts: For the head of the report; those that are None are left out.
        max_pixels: Largest image that is decoded for the report.

    Yields:
        A function that turns images, of each a row an encoder, into rows (`columns_of`); the files are complete once
        all have passed and the block has ended.
    """
    from quasar_index.methods.scorings import score_block

    first = scorings[0]
    labels = [qi.report.AnchorLabels.of(one.scorer.fitted.table, index) for one in scorings] if wishes else []
    page = None
    if wishes.report is not None:
        known = {name: value for name, value in facts.items() if value is not None}
        if isinstance(first.calibration, qi.IndexCalibration):
            fitted = first.calibration.calibration
            known["opinion scores"] = (
                f"{fitted.level:.0%} interval, which held for {fitted.coverage:.1%} of anchors in groups left out "
                f"({first.calibration.groups})"
            )
        page = qi.Report(first.scorer.fitted, index, facts=known, max_pixels=max_pixels, labels=labels[0])
    size = _BLOCK if wishes or first.calibration else first.scorer.batch_size if len(scorings) > 1 else 1
    with contextlib.ExitStack() as stack:
        explain = None
        if wishes.explain is not None:
            top = EXPLAIN_TOP if wishes.explain_top is None else wishes.explain_top
            explain = stack.enter_context(_explanations(wishes.explain, scorings, labels, top or None))

        def passing(images: Iterator[tuple[qi.ScoredImage, ...]]) -> Iterator[dict[str, Any]]:
            while found := list(islice(images, size)):
                block = score_block(scorings, found)
                if explain is not None:
                    explain(block.images)
                if page is not None:
                    page.add(block.images, block.opinions[0])
                yield from block.rows

        yield passing
    if page is not None and wishes.report is not None:
        with new_file(wishes.report) as path:
            page.write(path)
        if page.n_left_out:
            note(f"report: the page shows the first {len(page)} of {counted(len(page) + page.n_left_out, 'image')}")


@contextlib.contextmanager
def _explanations(
    output: str, scorings: Sequence[qi.methods.Scoring], labels: Sequence[qi.report.AnchorLabels], top: int | None
) -> Iterator[Callable[[Sequence[qi.ScoredImage]], None]]:
    """Open the file of explanations, and offer a function that writes those of a block of images."""
    import numpy as np

    explained = [(one.rating, one.scorer.fitted) for one in scorings]
    of_patches = [(name, one) for name, one in explained if isinstance(one, qi.methods.FittedPatches)]
    for _, fitted in () if of_patches else explained:
        list(fitted.explain(np.empty((0, fitted.dim), np.float32)))  # says now what cannot be explained
    n_cut, lead = 0, ["path"] if len(scorings) == 1 else ["path", RATING_NAME]
    kind = _Parquet if PurePosixPath(output).suffix.lower() == ".parquet" else _JsonLines
    try:
        schema = qi.report.PATCH_SCHEMA if of_patches else qi.report.EXPLANATION_SCHEMA
        with new_file(output) as path, kind(path, lead, schema) as file:

            def write_patches(images: Sequence[qi.ScoredImage]) -> None:
                nonlocal n_cut
                for image in images:
                    if image.embedding is None:
                        continue
                    for rating, own in of_patches:
                        table = qi.report.patch_table(image, own, top=top)
                        n_cut += len(table) < len(image.embedding)
                        file.write((image.path, rating), table)

            def write(images: Sequence[qi.ScoredImage]) -> None:
                nonlocal n_cut
                embeddings = embeddings_of(images)
                if embeddings is None:
                    return
                scored = (image for image in images if image.embedding is not None)
                found = (fitted.explain(embeddings) for _, fitted in explained)
                for image, *explanations in zip(scored, *found, strict=True):
                    cut = False
                    for (rating, fitted), own, explanation in zip(explained, labels, explanations, strict=True):
                        table = qi.report.explanation_table(explanation, fitted, own, top=top)
                        cut |= len(table) < len(explanation)
                        for start in range(0, len(table), _ROWS):
                            file.write((image.path, rating), table.slice(start, _ROWS))
                    n_cut += cut

            yield write_patches if of_patches else write
    except OSError as error:
        reason = error.strerror or error
        raise qi.DataError(
            f"'{output}' cannot be written ({reason})", "check the place that --explain names"
        ) from error
    if n_cut and of_patches:
        kept = f"{counted(top or 0, 'patch', 'patches')} of {counted(n_cut, 'image')}"
        note(f"explain: {kept}, the most unusual; --explain-top 0 writes all")
    elif n_cut:
        note(
            f"explain: {counted(top or 0, 'anchor')} a side of {counted(n_cut, 'image')}; --explain-top 0 writes "
            f"all, which rebuild the scores"
        )


class _JsonLines:
    """Writes tables as JSON lines."""

    def __init__(self, path: Path, lead: Sequence[str], schema: Any) -> None:  # noqa: ARG002
        self._file = path.open("wb")
        self._lead = lead

    def __enter__(self) -> _JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, lead: Sequence[str | None], table: Any) -> None:
        """Write the rows of one image by one rating, each after the values of the leading columns."""
        # Escaped to ASCII: names may hold anything, also bytes that are no UTF-8.
        first = dict(zip(self._lead, lead, strict=False))
        lines = (json.dumps({**first, **row}) + "\n" for row in table.to_pylist())
        self._file.write("".join(lines).encode())


class _Parquet:
    """Writes tables to Parquet, in row groups of a useful size."""

    def __init__(self, path: Path, lead: Sequence[str], schema: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._lead = lead
        self._writer = pq.ParquetWriter(path, pa.schema([*((name, pa.string()) for name in lead), *schema]))
        self._waiting: list[Any] = []
        self._n_waiting = 0

    def __enter__(self) -> _Parquet:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def write(self, lead: Sequence[str | None], table: Any) -> None:
        """Write the rows of one image by one rating, each after the values of the leading columns."""
        import pyarrow as pa

        n = len(table)
        for place, (name, value) in enumerate(zip(self._lead, lead, strict=False)):
            table = table.add_column(place, name, pa.repeat(pa.scalar(printable(value)), n))
        self._waiting.append(table)
        self._n_waiting += len(table)
        if self._n_waiting >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting, self._n_waiting = [], 0
