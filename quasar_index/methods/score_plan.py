"""The job of scoring by a plan: each image becomes a row; a piece is a Parquet file of them."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby, islice, repeat, tee
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..cells import as_text
from ..datasets.base import AnchorSource, ImageSource
from ..datasets.image_list import ImageList
from ..encoders.lazy import LazyEncoder
from ..encoders.runtimes import fix_runtime
from ..images import allow_pixels
from ..index.anchor_index import AnchorIndex
from ..plans.inputs import Inputs, Row
from ..plans.job import Packed
from .causes import cause_of
from .familiarity import UNLIKE
from .kept_columns import kept_types, plain_value
from .scorings import Predictor, Scoring, columns_of, embedding_scorers, row_schema, score_block

_BLOCK = 128
_READ_ROWS = 8192
_MOST_CAUSES = 50


@dataclass
class ScoreJob:
    """Scores images (see `Scorer.score_files` for its arguments).

    Attributes:
        scorings: What scores them; of each encoder, one embeds.
        reads: Of each source, what opens an image.
        keep: Columns that come with the images, by their names in the rows.
        types: Their Arrow types.
    """

    scorings: Sequence[Scoring]
    reads: Sequence[Callable[[str], bytes] | None]
    n_workers: int | None
    max_pixels: int
    tolerate_truncated: bool = False
    keep: Sequence[str] = ()
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    ending: str = ".parquet"

    @property
    def columns(self) -> list[str]:
        """The columns of a row."""
        return columns_of(self.scorings, self.keep, has_notes=self.tolerate_truncated)

    @property
    def schema(self) -> pa.Schema:
        """Their types."""
        return row_schema(self.columns, self.types)

    @property
    def _encoders(self) -> list[Any]:
        return [one.encoder for one in embedding_scorers(self.scorings)]

    @property
    def runtime(self) -> str:
        """See `Job.runtime`; of several encoders, one word each."""
        found = [encoder.spec.runtime for encoder in self._encoders]
        return " ".join(found) if all(found) else ""

    @property
    def device(self) -> str:
        """See `Job.device`."""
        encoder = self._encoders[0]
        asked = getattr(encoder, "asked_device", None)
        return str(getattr(encoder, "device", "cpu") if asked is None else asked)

    def open(self, n_threads: int) -> None:
        """See `Job.open`."""
        self.n_workers = self.n_workers or n_threads
        allow_pixels(self.max_pixels)
        others = [scorer.prompt_encoder for scorer in embedding_scorers(self.scorings)]
        for encoder in (*self._encoders, *others):
            if isinstance(encoder, LazyEncoder):
                encoder.load()

    def choose_runtime(self, rows: Iterable[Row]) -> str:
        """See `Job.choose_runtime`."""
        if any(hasattr(encoder, "fix_runtime") for encoder in self._encoders):
            if self.runtime:
                return self.runtime
            for _ in self.run(rows):
                if all(encoder.spec.runtime for encoder in self._encoders):
                    break
            else:
                words = [encoder.spec.runtime or getattr(encoder, "base", "fp32") for encoder in self._encoders]
                self.fix_runtime(" ".join(words))
        return self.runtime

    def fix_runtime(self, runtime: str) -> None:
        """See `Job.fix_runtime`."""
        for encoder, word in zip(self._encoders, runtime.split(" "), strict=True):
            fix_runtime(encoder, word)

    def run(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """See `Job.run`."""
        for source, some in groupby(rows, itemgetter(0)):
            yield from self._run(self.reads[source], some)

    def _run(self, read: Callable[[str], bytes] | None, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        under_way: deque[Row] = deque()

        def begun() -> Iterator[str]:
            for row in rows:
                under_way.append(row)
                yield row[1]

        scorers = list(embedding_scorers(self.scorings))
        streams = [
            scorer.score_files(
                paths,
                n_workers=self.n_workers,
                max_pixels=self.max_pixels,
                read=read,
                tolerate_truncated=self.tolerate_truncated,
            )
            for scorer, paths in zip(scorers, tee(begun(), len(scorers)), strict=True)
        ]
        images = zip(*streams, strict=True)
        # Several scorings, and calibrations, are cheaper for a block.
        is_plain = len(self.scorings) == 1 and self.scorings[0].calibration is None
        while found := list(islice(images, 1 if is_plain else _BLOCK)):
            for values in score_block(self.scorings, found).rows:
                yield values | self._kept(under_way.popleft())

    def error_of(self, result: dict[str, Any]) -> str:
        """See `Job.error_of`."""
        return result["error"] or ""

    def failed(self, row: Row, error: str) -> dict[str, Any]:
        """See `Job.failed`."""
        return dict.fromkeys(self.columns) | {"path": row[1], "error": error} | self._kept(row)

    def _kept(self, row: Row) -> dict[str, Any]:
        return dict(zip(self.keep, row[2] if len(row) > 2 else (), strict=True))

    def pack(self, start: int, results: Sequence[dict[str, Any]]) -> Packed:  # noqa: ARG002
        """See `Job.pack`. Failures are rows with an error."""
        schema = self.schema
        columns = [
            pa.array(
                [as_text(value) if isinstance(value := row[one.name], str) else value for row in results], one.type
            )
            for one in schema
        ]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table(columns, schema=schema), sink)
        return Packed(sink.getvalue().to_pybytes(), (), self._counts(results))

    def _counts(self, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Count what is said of a run as a whole."""
        familiarity = next(name for name in self.columns if name.startswith("familiarity"))
        known = [value for row in results if (value := row[familiarity]) is not None]
        causes = Counter(cause_of(row["error"]) for row in results if row["error"])
        return {
            "n_failed": sum(causes.values()),
            "causes": dict(causes.most_common(_MOST_CAUSES)),
            "n_truncated": sum(bool(row.get("note")) for row in results),
            "n_compared": len(known),
            "n_unlike": sum(value < UNLIKE for value in known),
        }


Images = AnchorSource | ImageSource | ImageList | Sequence[str]


@dataclass(frozen=True)
class KeptInputs(Inputs):
    """Images with the columns that pass on to their rows.

    Attributes:
        sources: What they are of.
        keep: Names of columns there, to names in the rows.
    """

    sources: Sequence[Images] = ()
    keep: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sequence[Images], keep: Mapping[str, str]) -> KeptInputs:
        """Return the images of sources, one after the other."""
        paths = [_paths(one) for one in sources]
        return cls(paths, [getattr(one, "read_bytes", None) for one in sources], list(sources), keep)

    @cached_property
    def types(self) -> dict[str, pa.DataType]:
        """The types of the columns that pass on, by their names in the rows."""
        schemas = [schema for one in self.sources if (schema := _schema(one)) is not None]
        return kept_types(schemas, self.keep)

    def rows(self, numbers: range) -> Iterator[Row]:
        """See `Inputs.rows`; a row has the values of the columns behind its path."""
        if not self.keep:
            yield from super().rows(numbers)
            return
        for row, values in zip(super().rows(numbers), self._values(numbers), strict=True):
            yield row[0], row[1], values

    def _values(self, numbers: range) -> Iterator[tuple[Any, ...]]:
        first = 0
        for source, paths in zip(self.sources, self.paths, strict=True):
            low, high = max(numbers.start - first, 0), min(numbers.stop - first, len(paths))
            schema = _schema(source)
            there = [name for name in self.keep if schema is not None and name in schema.names]
            if low < high and not there:
                yield from repeat((None,) * len(self.keep), high - low)
            elif low < high:
                for start in range(low, high, _READ_ROWS):
                    table = _table(source, range(start, min(start + _READ_ROWS, high)), there)
                    lists = {name: self._plain(table[name], self.keep[name]) for name in there}
                    yield from zip(*(lists.get(name) or repeat(None) for name in self.keep), strict=False)
            first += len(paths)

    def _plain(self, column: pa.ChunkedArray, to: str) -> list[Any]:
        kind = self.types[to]
        return [plain_value(value, kind) for value in column.to_pylist()]

    def digest(self) -> list[list[Any]]:
        """Return what tells these images and columns from others: name, count and digest of each source."""
        return [[getattr(one, "name", ""), len(paths), self._digest(one, paths)] for one, paths in self._named()]

    def _named(self) -> Iterator[tuple[Images, Any]]:
        return zip(self.sources, self.paths, strict=True)

    def _digest(self, source: Images, paths: Any) -> str:
        if isinstance(source, ImageList):
            return source.digest()
        digest = hashlib.sha256()
        for start in range(0, len(paths), _READ_ROWS):
            part = paths[start : start + _READ_ROWS]
            texts = part.to_pylist() if hasattr(part, "to_pylist") else part
            digest.update("\0".join(chain(texts, [""])).encode("utf-8", "surrogateescape"))
        schema = _schema(source)
        for name in self.keep:
            if schema is not None and name in schema.names:
                column = _table(source, range(len(paths)), [name])[name]
                for start in range(0, len(paths), _READ_ROWS):
                    some = column.slice(start, _READ_ROWS).to_pylist()
                    digest.update(repr(some).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def _paths(source: Images) -> Any:
    if isinstance(source, ImageList):
        return source.paths
    return source.records["path"] if isinstance(source, (AnchorSource, ImageSource)) else source


def _schema(source: Images) -> pa.Schema | None:
    if isinstance(source, ImageList):
        return source.schema
    return source.records.schema if isinstance(source, (AnchorSource, ImageSource)) else None


def _table(source: Images, rows: range, columns: Sequence[str]) -> pa.Table:
    if isinstance(source, ImageList):
        return source.part(rows.start, rows.stop, columns)
    assert isinstance(source, (AnchorSource, ImageSource))  # noqa: S101 - for the type checker
    return source.records.select(columns).slice(rows.start, len(rows))


def described(scorings: Sequence[Scoring]) -> list[dict[str, Any]]:
    """Return all that decides scores, as plain JSON, but for the runtime, which is chosen as it runs."""
    found = []
    for one in scorings:
        scorer, anchors = one.scorer, one.scorer.fitted.anchors
        spec = None if scorer.encoder is None else scorer.encoder.spec.to_dict()
        digest = hashlib.sha256()
        # The norms of texts are of this run, and may differ by rounding in the next.
        for values in (anchors.ids, anchors.norms if len(anchors) > 2 else None, anchors.quality):
            digest.update(b"" if values is None else values.tobytes())
        index = scorer.anchors if isinstance(scorer.anchors, AnchorIndex) else None
        prompts = getattr(scorer.prompt_encoder, "spec", None)
        found.append(
            {
                "columns": one.columns,
                "method": str(scorer.method),
                "space": scorer.fitted.space.key,
                "encoder": spec and {name: value for name, value in spec.items() if name != "runtime"},
                "prompt_encoder": prompts and prompts.key,
                "index": index and {"uid": index.manifest.uid, "version": index.manifest.version},
                "anchors": {"n_good": anchors.n_good, "n_bad": anchors.n_bad, "sha256": digest.hexdigest()},
                "is_approximate": anchors.approximate is not None,
                "calibration": one.calibration and _calibration_digest(one.calibration),
            }
        )
    return found


def _calibration_digest(calibration: Predictor) -> str:
    """Return what tells a calibration from others: its opinions of many scores."""
    digest = hashlib.sha256()
    for values in calibration.predict(np.concatenate([np.linspace(-5, 5, 101), np.linspace(0, 1, 1001)])):
        digest.update(np.asarray(values, dtype=np.float64).round(9).tobytes())
    return digest.hexdigest()
