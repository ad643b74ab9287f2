"""The images below a URL: in a folder of an object store, or of any other store that fsspec lists."""

from __future__ import annotations

from collections.abc import Iterable

from ..arguments import checked
from ..errors import DataError, first_line
from .folders import LeftOut, survey_names
from .formats import is_image_name


@checked
def survey_url(url: str, *, exclude: Iterable[str] = ()) -> tuple[list[str], LeftOut] | None:
    """Find the images below a URL, recursively, as `survey_folder` does below a folder.

    Args:
        url: Such as `s3://bucket/photographs`.
        exclude: Patterns of what is left out, as in .gitignore.

    Returns:
        The URLs of the images, sorted, and what was left out; None where the URL is that of a file: its name ends like
        an image's, it is a web address, or there is no such folder.

    Raises:
        DataError: When the folder holds no image, or the store does not let it be listed.

    Example:
        >>> import fsspec, quasar_index as qi
        >>> for name in ("a.jpg", "trip/b.png", "notes.txt"):
        ...     with fsspec.open(f"memory://photographs/{name}", "wb") as file:
        ...         _ = file.write(b"...")
        >>> qi.images.survey_url("memory://photographs")[0]
        ['memory://photographs/a.jpg', 'memory://photographs/trip/b.png']
    """
    if is_image_name(url) or "::" in url or url.lower().startswith(("http://", "https://")):
        return None
    try:
        import fsspec

        files, inner = fsspec.url_to_fs(url)
        if not files.isdir(inner):
            return None
        start = inner.rstrip("/")
        names = [str(path)[len(start) :].lstrip("/") for path in files.find(inner)]
    except (ImportError, ValueError):
        return None  # its row will say what is missing
    except Exception as error:  # OSError, or what the store's client raises
        raise DataError(f"'{url}' cannot be listed ({first_line(error)})", "check it, and your right to it") from error
    found, left_out = survey_names(names, exclude=exclude)
    if not found:
        what = left_out.describe()
        raise DataError(f"no image in '{url}'" + (f", {what}" if what else ""), "name other files outright")
    return [f"{url.rstrip('/')}/{name}" for name in found], left_out
