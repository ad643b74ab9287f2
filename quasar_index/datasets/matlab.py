"""MATLAB files: named arrays only, read with SciPy."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError
from .declare import find_label
from .files import Folder


def read_mat(folder: Folder, file: str, *names: str) -> Mapping[str, Any]:
    """Read the named variables of a .mat file.

    Raises:
        DataError: When the file is missing or damaged, or a variable is not in it.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    place = find_label(folder, file)
    try:
        content = loadmat(io.BytesIO(folder.read(place)))
    except (MatReadError, ValueError, TypeError, NotImplementedError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{place} is not a MATLAB 5 file: {error}") from error
    missing = [name for name in names if name not in content]
    if missing:
        found = ", ".join(name for name in content if not name.startswith("__"))
        raise DataError(f"{place} has no variable {', '.join(missing)}: expected {', '.join(names)}; found {found}")
    return dict(content)


def cell_text(cells: Any) -> list[str]:
    """Return a cell array of character arrays as text."""
    return [str(np.asarray(cell).ravel()[0]) if np.size(cell) else "" for cell in np.asarray(cells).ravel()]
