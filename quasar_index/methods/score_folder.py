"""Scores of very many images: a folder of Parquet files, one a shard, that any interruption leaves fit to go on with.

While a run is under way, all of it lies in `.plan` of the folder (of a URL: in a hidden folder where the command runs).
When all rows are there, the files take their places, then `_manifest.json` is written, then the plan is removed. So a
folder with a manifest is whole, and the same request goes on in one without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..arguments import checked
from ..datasets.base import AnchorSource, ImageSource
from ..datasets.image_list import ImageList
from ..errors import DataError
from ..images import MAX_PIXELS
from ..paths import PathText
from ..plans.executor import Executor, executor_of
from ..plans.pieces import Piece
from .score_places import FORMAT, Destination, ScoreFolder
from .score_plan import Images, KeptInputs, ScoreJob, described
from .scoring import Scorer
from .scorings import Scoring


@checked
def score_to_folder(
    output: PathText,
    images: AnchorSource | ImageSource | ImageList | Sequence[AnchorSource | ImageSource | ImageList | PathText],
    scorings: Sequence[Scoring] | Scorer,
    *,
    keep: Mapping[str, str] | Sequence[str] = (),
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    tolerate_truncated: bool = False,
    about: Mapping[str, Any] | None = None,
    command: Sequence[str] | None = None,
    executor: Executor | None = None,
    shard_rows: int | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> ScoreFolder:
    r"""Score very many images into a folder: Parquet files in the order of the images, and a manifest.

    The same call goes on after any interruption, and does nothing where all is there. A row that fails is tried once
    more; then it is a row with an error. Copies of a file within a shard have the same scores; others may differ by
    rounding, by 1e-6 at most.

    Args:
        output: A folder, or the URL of one (`s3://bucket/scores/`), that is new, empty, or of the same request.
        images: Paths; or a source of images, or several, which may be an `ImageList` of any length.
        scorings: What scores them: a `Scorer`, or several with columns of their own.
        keep: Columns of the sources that pass on to the rows; with their names there where they get others.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        tolerate_truncated: As of `Scorer.score_files`; rows have a `note`.
        about: What else decides the rows, as plain JSON; it stands in the manifest.
        command: The command line, for the manifest.
        executor: Who scores: `plans.RayExecutor` for many machines; None for this process.
        shard_rows: Most rows of a file, which is what a crash costs; None for 1024, and for more of very many images.
        on_progress: Called with (done, total, failed) images.

    Returns:
        The folder. Its files are called so that their names sort in the order of the images; each has the columns of
        `quasar-index score`: path, kept ones, score, similarity_good, similarity_bad, familiarity, error.

    Raises:
        DataError: When the folder holds something else, or scores of another request; or cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, pyarrow.parquet as pq, quasar_index as qi
        >>> from PIL import Image
        >>> for i in range(3):
        ...     Image.fromarray(np.full((64, 64, 3), 60 * i, dtype=np.uint8)).save(f"{i}.png")
        >>> encoder = qi.load_encoder()
        >>> anchors = qi.make_anchors(np.eye(4, encoder.spec.dim), is_good=[True, True, False, False])
        >>> scorer = qi.Scorer(anchors, encoder=encoder)
        >>> done = qi.methods.score_to_folder("scores", ["0.png", "none.png", "1.png", "2.png"], scorer, shard_rows=2)
        >>> done.n_rows, done.n_failed, sorted(path.name for path in Path("scores").glob("*.parquet"))
        (4, 1, ['part-000000000000-000000000002.parquet', 'part-000000000002-000000000004.parquet'])
        >>> pq.read_table("scores")["path"].to_pylist()
        ['0.png', 'none.png', '1.png', '2.png']
    """
    chosen = [Scoring(scorings)] if isinstance(scorings, Scorer) else list(scorings)
    inputs = KeptInputs.of(_sources(images), dict(keep) if isinstance(keep, Mapping) else {one: one for one in keep})
    job = ScoreJob(
        chosen,
        inputs.reads,
        n_workers,
        max_pixels,
        tolerate_truncated,
        tuple(inputs.keep.values()),
        inputs.types if inputs.keep else {},
    )
    request = {
        "format": FORMAT,
        "images": inputs.digest(),
        "keep": dict(inputs.keep),
        "scores": described(chosen),
        "max_pixels": max_pixels,
        "tolerate_truncated": tolerate_truncated,
        **(about or {}),
    }
    request = json.loads(json.dumps(request, default=str))
    folder = Destination.of(output, request)
    if (there := folder.finished()) is not None:
        return there
    with folder.locked():
        if (there := folder.finished()) is not None:  # by whoever held the lock
            return there
        plan = folder.begin()
        counting = _Counting(executor_of(executor))
        pieces = plan.run(
            job,
            inputs,
            counting,
            shard_rows=shard_rows,
            on_progress=on_progress and (lambda done, total: on_progress(done, total, counting.n_failed)),
        )
        return folder.finish(plan, pieces, job.schema, command)


def _sources(images: Any) -> list[Images]:
    if isinstance(images, (AnchorSource, ImageSource, ImageList)):
        return [images]
    given: list[Any] = list(images)
    if given and all(isinstance(one, (AnchorSource, ImageSource, ImageList)) for one in given):
        return given
    if not all(isinstance(one, (str, os.PathLike)) for one in given):
        raise DataError("images are neither paths nor sources", "give one or the other")
    if not given:
        raise DataError("no images to score", "give paths, or a source")
    return [[os.fspath(one) for one in given]]


class _Counting:
    """An executor that counts failures of the pieces that are there."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.n_failed = 0

    def run(self, *args: Any, on_piece: Callable[[Piece], None], **how: Any) -> None:
        """See `Executor.run`."""

        def counted_piece(piece: Piece) -> None:
            self.n_failed += int(piece.facts.get("n_failed", 0))
            on_piece(piece)

        self._executor.run(*args, on_piece=counted_piece, **how)
