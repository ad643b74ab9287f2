"""Make `import torchvision` work where its compiled operators do not load.

A CPU build of torch beside the registry's CUDA build of torchvision fails at import with "operator torchvision::nms
does not exist", though none of those operators is needed to encode images. Declaring their schemas first mends it.
"""

from __future__ import annotations

import sys
from typing import Any

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[object] = []  # a torch Library takes its declarations along when it is collected


def import_torchvision() -> bool:
    """Import torchvision, declaring the schemas of its missing operators only where the import fails for their lack.

    Call it before the first import of open_clip or timm.

    Returns:
        Whether the schemas had to be declared; False for a matching pair, which is left untouched.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    else:
        return False
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)
    _kept.append(library)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left half-made
    import torchvision  # noqa: F401

    return True
