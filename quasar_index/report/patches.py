"""What patches say of one image: a table, and a picture of where it is unlike pristine photographs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ..arguments import checked
from ..errors import MethodError
from ..images.patches import patch_places
from ..methods.patches import FittedPatches
from ..methods.scoring import ScoredImage

PATCH_SCHEMA = pa.schema(
    [
        ("left", pa.int64()),
        ("top", pa.int64()),
        ("size", pa.int64()),
        ("unusual", pa.float64()),
        ("contribution", pa.float64()),
    ]
)


@checked
def patch_table(image: ScoredImage, fitted: FittedPatches, *, top: int | None = None) -> pa.Table:
    """Return the patches of an image that a patch distance scored, the most unusual first.

    Args:
        image: A row of `Scorer.score_files`.
        fitted: What scored it.
        top: At most so many; None for all.

    Returns:
        A row a patch, with the columns of `PATCH_SCHEMA`: left, top and size (pixels of the upright image), unusual
        (distance to the pristine patches, from 0), contribution (share in d^2, whose sum over all patches it is).

    Raises:
        MethodError: When the image has no embeddings of patches.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        >>> Image.fromarray(pixels).save("photo.png")
        >>> source, encoder = qi.datasets.choose_pristine_patches(["photo.png"]), qi.load_encoder()
        >>> scorer = qi.Scorer(qi.build_index("pristine", [source], encoder).index, qi.methods.Patches(), encoder)
        >>> pixels[:96, :96] = 128
        >>> Image.fromarray(pixels).save("hole.png")
        >>> [image] = scorer.score_files(["hole.png"])
        >>> table = qi.report.patch_table(image, scorer.fitted, top=1)
        >>> table.select(["left", "top"]).to_pylist()
        [{'left': 0, 'top': 0}]
    """
    if image.embedding is None or image.embedding.ndim != 2 or not image.width:
        raise MethodError(f"'{image.path}' has no embeddings of patches", "score image files by an index of patches")
    places = patch_places(image.height, image.width, fitted.patch_size, fitted.stride)
    found = fitted.explain_patches(image.embedding)
    order = np.argsort(-found.unusual, kind="stable")[:top]
    columns = (
        places[order, 0],
        places[order, 1],
        np.full(len(order), fitted.patch_size),
        found.unusual[order],
        found.contribution[order],
    )
    return pa.table(list(map(pa.array, columns)), schema=PATCH_SCHEMA)
