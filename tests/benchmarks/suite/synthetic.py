"""What is measured on: clustered embeddings in any number, an index of them, and photographs in any number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from quasar_index.arrays import FloatArray
from quasar_index.datasets.base import RECORD_SCHEMA
from quasar_index.demo import read_photographs
from quasar_index.encoders.spec import EncoderSpec
from quasar_index.index import AnchorIndex
from quasar_index.index.build import finish_folder
from quasar_index.index.manifest import Manifest
from quasar_index.index.new_folder import new_index
from quasar_index.index.records import MAIN_EMBEDDING, EmbeddingRecord, RatingRecord, SourceRecord
from quasar_index.index.staging import table_schema
from quasar_index.index.store import to_embedding_column, write_shards

DIM = 768
N_CLUSTERS = 256
CHUNK = 8192
_SPREAD = 0.7  # of the noise around a cluster's centre, of length one


def embeddings(n: int, *, dim: int = DIM, seed: int = 0) -> FloatArray:
    """Make clustered embeddings: centres on a sphere plus Gaussian noise, of lengths around ten.

    Args:
        n: How many.
        dim: D.
        seed: The same one gives the same embeddings; the clusters are the same for all seeds.

    Returns:
        (n, D) float32.
    """
    centres = np.random.default_rng(12345).standard_normal((N_CLUSTERS, dim), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((n, dim), dtype=np.float32)
    made *= np.float32(_SPREAD / dim**0.5)
    made += centres[rng.integers(0, N_CLUSTERS, n)]
    made *= rng.uniform(8.0, 12.0, (n, 1)).astype(np.float32)
    return made


def synthetic_index(folder: Path, n: int, *, dim: int = DIM, n_shards: int = 1) -> AnchorIndex:
    """Return an index of n synthetic anchors, rated evenly from 0 to 1; made chunk by chunk unless it is there.

    Args:
        folder: Where indexes of this kind are kept.
        n: Even number of anchors.
        dim: D.
        n_shards: Tables that hold them.
    """
    path = folder / f"synthetic-{n}-{dim}{'' if n_shards == 1 else f'-{n_shards}'}"
    if path.exists():
        return AnchorIndex.open(path)
    scores = np.random.default_rng(n).permutation(n) / (n - 1)
    spec = EncoderSpec(name="precomputed", dim=dim)
    schema = table_schema(RECORD_SCHEMA.append(pa.field("dataset", pa.string())), dim)

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, n, CHUNK):
            rows = range(start, min(start + CHUNK, n))
            some = scores[start : rows.stop]
            values = {
                "id": [f"{row:032x}" for row in rows],
                "path": [f"{row}.png" for row in rows],
                "dataset": ["synthetic"] * len(rows),
                "score": some,
                "quality": some,
                "side": np.where(some > 0.5, "good", "bad"),
                "embedding": to_embedding_column(embeddings(len(rows), dim=dim, seed=start)),
            }
            columns = [
                pa.array(values[field.name], field.type) if field.name in values else pa.nulls(len(rows), field.type)
                for field in schema
            ]
            yield pa.record_batch(columns, schema=schema)

    with new_index(path, overwrite=False) as (_, building):
        shards = write_shards(building, batches(), schema, rows=-(-n // n_shards))
        half = n // 2
        rating = RatingRecord(score_range=(0.0, 1.0), threshold=0.5, by_person=False)
        source = SourceRecord("synthetic", "no-reference", "median", half, n - half, (rating,))
        embedding = EmbeddingRecord(MAIN_EMBEDDING, spec)
        finish_folder(building, Manifest((embedding,), shards, (source,), half, n - half), "build")
    return AnchorIndex.open(path)


def photographs(folder: Path, n: int, *, height: int, width: int) -> list[str]:
    """Write n different JPEG files cut from the photographs that come with scikit-image; those that are there stay.

    Args:
        folder: Where images of this kind are kept.
        n: How many.
        height: Pixels.
        width: Pixels.

    Returns:
        Their paths.
    """
    place = folder / f"photographs-{height}x{width}"
    place.mkdir(parents=True, exist_ok=True)
    sources = [pixels for _, pixels in read_photographs()]
    paths = [place / f"{number:06d}.jpg" for number in range(n)]
    for number, path in enumerate(paths):
        if path.exists():
            continue
        rng = np.random.default_rng(number)
        photograph = sources[number % len(sources)]
        scale = max(height / photograph.shape[0], width / photograph.shape[1]) * rng.uniform(1.0, 1.5)
        size = (max(width, round(photograph.shape[1] * scale)), max(height, round(len(photograph) * scale)))
        image = Image.fromarray(photograph).resize(size, Image.Resampling.BICUBIC)
        left, top = rng.integers(0, image.width - width + 1), rng.integers(0, image.height - height + 1)
        image.crop((int(left), int(top), int(left) + width, int(top) + height)).save(path, quality=90)
    return [str(path) for path in paths]
