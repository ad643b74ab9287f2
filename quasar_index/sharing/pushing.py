"""Putting an index where others can pull it: a file, a store that fsspec writes, the Hugging Face hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import fsspec

from ..arguments import checked
from ..errors import DataError, first_line
from ..index import AnchorIndex, Provenance, read_origins
from ..index.addresses import read_place
from ..index.manifest import MANIFEST
from ..index.places import check_free, check_place, new_index_path
from ..index.terms import read_terms
from ..paths import PathText, sha256_file
from .bundles import ENDING, Bundle, OnProgress, install_bundle, write_bundle
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
    overwrite: bool = False,
    show_progress: bool = False,
    on_progress: OnProgress | None = None,
) -> PushReport:
    r"""Put an index where `quasar-index pull` finds it; a file that is there is replaced.

    To an address with no `.quasar` at its end goes an index that is read in place (`AnchorIndex.open`). One that is
    there is replaced if it is the one that this index was pulled from or pushed to last.

    Args:
        index: The index, at the version that it has open; other versions stay behind.
        target: A file `NAME.quasar`, a URL of one that fsspec writes (`s3://`, `memory://`, ...), `hf://OWNER/NAME`, or
            the address of an index (`s3://BUCKET/NAME`).
        private: As of `write_bundle`.
        licence: As of `write_bundle`.
        overwrite: Replace whatever index is at the address.
        show_progress: As of `push_to_hub`.
        on_progress: As of `write_bundle`.

    Raises:
        AnchorIndexError: When the index is damaged, or comes with the package; or another one is at the address.
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
    is_web = text.lower().startswith(("http://", "https://"))
    if "://" in text and not is_web and not text.lower().endswith(ENDING):
        return _push_folder(index, text, write, overwrite=overwrite)
    if not text.lower().endswith(ENDING) or PurePosixPath(text).name.lower() == ENDING:
        raise DataError(
            f"'{text}' is no name of a bundle", f"push to NAME{ENDING}, to hf://OWNER/NAME, or to s3://BUCKET/NAME"
        )
    if "://" not in text:
        return PushReport(text, write(text))
    if is_web:
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


def _push_folder(
    index: AnchorIndex, target: str, write: Callable[[PathText], Bundle], *, overwrite: bool
) -> PushReport:
    """Put an index where it is read in place."""
    place = str(read_place(target))
    origins = list(read_origins(index.path))
    own = next((number for number, one in enumerate(origins) if one.source == place), None)
    check_free(new_index_path(place), overwrite=overwrite or own is not None)
    check_place(new_index_path(place))
    with TemporaryDirectory(prefix="quasar-index-") as folder:
        bundle = write(Path(folder, f"{index.name}{ENDING}"))
        before = None if own is None else origins[own].sha256
        made = install_bundle(bundle.path, place, overwrite=overwrite, replaces=before)
    if own is not None and index.place != place:
        # What is there now is this one: the next push may replace it.
        origins[own] = replace(origins[own], sha256=sha256_file(made.path / MANIFEST))
        Provenance(tuple(origins), tuple(read_terms(index.path))).write(index.path)
    return PushReport(place, bundle)
