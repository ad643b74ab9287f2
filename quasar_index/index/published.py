"""An index of embeddings that QUASAR's authors publish: the encoder of its queries is known by name, not by a hash."""

from __future__ import annotations

from collections.abc import Callable

from ..arguments import checked
from ..datasets.published_files import PublishedEmbeddings
from ..encoders.registry import unverified_spec
from ..paths import PathText
from .build import BuildReport, build_from_embeddings
from .origin import Provenance
from .records import Dtype


@checked
def build_published(
    name: PathText,
    found: PublishedEmbeddings,
    *,
    dtype: Dtype = "float32",
    overwrite: bool = False,
    provenance: Provenance | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Make an index of published embeddings.

    Args:
        name: Name or path of the new index.
        found: As `read_published` returns them.
        dtype: As of `build_index`.
        overwrite: Replace an index of that name.
        provenance: As of `build_from_embeddings`.
        on_progress: As of `build_from_embeddings`.

    Returns:
        What was done; errors as `build_from_embeddings`. Rows with equal paths and embeddings count as duplicates.
    """
    dim = int(found.embeddings.shape[1])
    spec = unverified_spec(found.file.tower.encoder, found.file.input, dim)
    return build_from_embeddings(
        name,
        found.source,
        found.embeddings,
        spec=spec,
        dtype=dtype,
        overwrite=overwrite,
        provenance=provenance,
        on_progress=on_progress,
    )
