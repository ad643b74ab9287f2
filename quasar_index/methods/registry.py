"""Every method by name, and the texts that name them: `retrieval:top_k=8,space=raw` (`quasar_index.notation`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from ..arguments import checked
from ..errors import MethodError
from ..notation import is_frozen, read, read_several
from ..plugins import Registry
from .clustering import Clustering
from .knn import Knn
from .mean import Mean
from .method import Method
from .offset import Offset
from .patches import Patches
from .retrieval import Retrieval
from .ridge import Ridge

_OWN: dict[str, type[Method]] = {kind.name: kind for kind in (Mean, Offset, Clustering, Retrieval, Knn, Ridge, Patches)}


def _of_plugin(name: str, found: Any, package: str) -> type[Method]:  # noqa: ARG001
    """Check what the entry point of a plugin names."""
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise MethodError("it is no class that comes from quasar_index.Method")
    if found.name != name:
        raise MethodError(f"its class is called {found.__name__}, and its method '{found.name}'")
    if "__dataclass_fields__" not in vars(found) or not is_frozen(found):
        raise MethodError("its class is no dataclass(frozen=True)")
    if not hasattr(found, "when"):
        raise MethodError("its class has no `when`, the line that says when to choose it")
    if plain := [one.name for one in fields(found) if "words" not in one.metadata]:
        raise MethodError(f"its field '{plain[0]}' is not made by quasar_index.methods.parameter")
    str(found())  # what no default makes cannot be listed
    return found


METHODS: Registry[type[Method]] = Registry("method", "quasar_index.methods", _OWN, _of_plugin)
"""The methods: the centroids, then those that predict ratings, then the one that needs neither ratings nor sides; and
those of plugins."""


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
