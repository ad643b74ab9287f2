"""The starter index as it ships: a made index, without the places of its pictures, with all that scoring needs ready.

    python -m quasar_index.starter.ship INDEX

Site-packages cannot be written, so the cache ships, too: labels, what is usual among the anchors (`familiarity`), and
the whitened space, of low rank: directions in which the anchors hardly vary share one gain.

    W = g_tail (I + V_r diag(g_i / g_tail - 1) V_r^T),   g_i = (w_i + lambda mean(w))^-1/2,   w_tail = mean of the rest
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..anchors import AnchorTable
from ..errors import counted
from ..fits import Fits
from ..index import AnchorIndex, build_from_embeddings, read_export
from ..index.cache import write_half
from ..index.manifest import cache_base
from ..index.places import SHIPPED_HOME, STARTER
from ..methods.familiarity import USUAL, usual_nearest
from ..methods.moments import fit_moments
from ..methods.shrinkage import rated_shrinkage
from ..methods.space import WHITENED

RANK = 256
"""Directions of the whitened space that have a gain of their own."""


def ship_starter(index: AnchorIndex, home: Path = SHIPPED_HOME, *, rank: int = RANK) -> AnchorIndex:
    """Write the starter index as it ships.

    Args:
        index: What `make_starter` built.
        home: Where; an earlier one is replaced.
        rank: Directions of the whitened space that have a gain of their own.

    Returns:
        The index there.
    """
    target = home / STARTER
    exported = home / ".export.parquet"
    home.mkdir(parents=True, exist_ok=True)
    anchors = index.anchors()
    try:
        index.export(exported)
        found = read_export(exported)
    finally:
        exported.unlink(missing_ok=True)
    assert found is not None  # noqa: S101 - for the type checker
    assert found.ids is not None  # noqa: S101
    (source,) = found.sources
    row_of = {key: row for row, key in enumerate(found.ids)}
    order = [row_of[key.decode()] for key in anchors.ids]  # as the cache has them: its matrix is the table's own
    records = source.records.take(pa.array(order))
    names = pa.array([Path(path).name for path in records["path"].to_pylist()])
    records = records.set_column(records.schema.get_field_index("path"), "path", names)
    embeddings = found.embeddings[order]
    shutil.rmtree(target, ignore_errors=True)
    built = build_from_embeddings(
        target,
        replace(source, records=records),
        embeddings,
        spec=replace(index.manifest.encoder, runtime=""),
        ids=[found.ids[row] for row in order],
        sizes=None if found.sizes is None else [found.sizes[row] for row in order],
        dtype="float16",
    ).index
    base = cache_base(target, built.manifest)
    (target / ".lock").unlink(missing_ok=True)
    shutil.rmtree(base.parent, ignore_errors=True)
    base.parent.mkdir()
    (data,) = (target / "anchors.lance" / "data").glob("*.lance")
    write_half(base, anchors, embeddings, data)
    _save_fits(Fits(base), anchors, rank)
    return built


def _save_fits(fits: Fits, anchors: AnchorTable, rank: int) -> None:
    moments = fit_moments(anchors)
    strength = rated_shrinkage(anchors)
    assert strength is not None  # noqa: S101 - severities divide the sides
    dim, values = anchors.dim, moments.eigenvalues
    first = np.sort(np.argsort(values)[-rank:])
    tail = (values.sum() - values[first].sum()) / (dim - len(first))
    gains = ((tail + strength * moments.level) / (values[first] + strength * moments.level)) ** 0.5 - 1.0
    basis = moments.eigenvectors[:, first].astype(np.float16)
    fits.save(WHITENED, mean=moments.mean, basis=basis, gains=gains.astype(np.float32), shrinkage=np.float64(strength))
    fits.save(USUAL, nearest=usual_nearest(anchors))


def main(arguments: list[str] | None = None) -> None:
    """Ship the index that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", metavar="INDEX", help="name or path of the index that starter.make has built")
    parser.add_argument("--home", type=Path, default=SHIPPED_HOME)
    parser.add_argument("--rank", type=int, default=RANK)
    given = parser.parse_args(arguments)
    made = ship_starter(AnchorIndex.open(given.index), given.home, rank=given.rank)
    size = sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file())
    sys.stdout.write(f"{counted(len(made), 'anchor')} in {made.path}, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
