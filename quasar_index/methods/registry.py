"""Every method by name, and the texts that name them: `retrieval:top_k=8,space=raw` (`quasar_index.notation`)."""

from __future__ import annotations

from collections.abc import Iterable

from ..arguments import checked
from ..errors import MethodError
from ..notation import read, read_several
from .clustering import Clustering
from .knn import Knn
from .mean import Mean
from .method import Method
from .offset import Offset
from .patches import Patches
from .retrieval import Retrieval
from .ridge import Ridge

METHODS: dict[str, type[Method]] = {
    kind.name: kind for kind in (Mean, Offset, Clustering, Retrieval, Knn, Ridge, Patches)
}
"""The methods: the centroids, then those that predict ratings, then the one that needs neither ratings nor sides."""


@checked
def read_method(text: str) -> Method:
    """Read a method, such as `retrieval:top_k=8,space=raw`; `str` writes it.

    Raises:
        MethodError: On an unknown name or parameter, or a value out of range; with what was meant.

    Example:
        >>> import quasar_index as qi
        >>> method = qi.read_method("retrieval:top_k=8,space=raw")
        >>> type(method).__name__, method.top_k, str(method)
        ('Retrieval', 8, 'retrieval:top_k=8,space=raw')
    """
    return read(text, METHODS, "method", MethodError)


@checked
def read_methods(texts: str | Iterable[str]) -> list[Method]:
    """Read methods; a text may hold alternatives: `mean/knn:space=raw/whitened` is four.

    Returns:
        Each method once, in order.

    Raises:
        MethodError: As `read_method`.

    Example:
        >>> import quasar_index as qi
        >>> [str(method) for method in qi.read_methods(["mean/knn:space=raw/whitened"])]
        ['mean:space=raw', 'mean', 'knn:space=raw', 'knn']
    """
    return read_several([texts] if isinstance(texts, str) else texts, METHODS, "method", MethodError)
