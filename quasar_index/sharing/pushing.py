"""Putting an index where others can pull it: a file, a store that fsspec writes, the Hugging Face hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import fsspec

from ..arguments import checked
from ..errors import DataError, first_line
from ..index import AnchorIndex
from ..paths import PathText
from .bundles import ENDING, Bundle, OnProgress, write_bundle
from .hub import HUB, push_to_hub


@dataclass(frozen=True)
class PushReport:
    """What was pushed.

    Attributes:
        target: Where to.
        bundle: What it is; its path is that of the file, which only stays where the target is a file.
    """

    target: str
    bundle: Bundle


@checked
def push(
    index: AnchorIndex,
    target: PathText,
    *,
    private: bool = False,
    licence: str | None = None,
    show_progress: bool = False,
    on_progress: OnProgress | None = None,
) -> PushReport:
    r"""Put an index where `quasar-index pull` finds it; what is there is replaced.

    Args:
        index: The index, at the version that it has open; other versions stay behind.
        target: A file `NAME.quasar`, a URL of one that fsspec writes (`s3://`, `memory://`, ...), or `hf://OWNER/NAME`.
        private: As of `write_bundle`.
        licence: As of `write_bundle`.
        show_progress: As of `push_to_hub`.
        on_progress: As of `write_bundle`.

    Raises:
        AnchorIndexError: When the index is damaged, or comes with the package.
        DataError: When the target cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> qi.sharing.push(index, "memory://place/own.quasar").target
        'memory://place/own.quasar'
    """
    text = os.fspath(target)
    write = partial(write_bundle, index, private=private, licence=licence, on_progress=on_progress)
    if text.startswith(HUB):
        bundle = push_to_hub(
            index, text, private=private, licence=licence, show_progress=show_progress, on_progress=on_progress
        )
        return PushReport(text, bundle)
    if not text.lower().endswith(ENDING) or PurePosixPath(text).name.lower() == ENDING:
        raise DataError(f"'{text}' is no name of a bundle", f"push to NAME{ENDING}, or to hf://OWNER/NAME")
    if "://" not in text:
        return PushReport(text, write(text))
    if text.startswith(("http://", "https://")):
        raise DataError(f"'{text}' is a web address, where nothing can be put", "push to a file, and upload that")
    try:
        filesystem, place = fsspec.url_to_fs(text)
    except (ImportError, ValueError) as error:
        raise DataError(f"'{text}' cannot be opened ({first_line(error)})", "install its fsspec file system") from error
    with TemporaryDirectory(prefix="quasar-index-") as folder:
        bundle = write(Path(folder, PurePosixPath(place).name))
        try:
            filesystem.put_file(str(bundle.path), place)
        except Exception as error:  # OSError, NotImplementedError, the store's own, by its kind
            raise DataError(
                f"'{text}' cannot be written ({first_line(error)})", "check the address and your right to write there"
            ) from error
    return PushReport(text, bundle)
