"""Finding image files: all below a folder, or those that a glob matches, and what is left out.

Links to folders are followed, each folder once: one that was seen by its own path or by another link is not read again,
so that loops end. Where a folder is reached both ways, its images have its own path.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path

from ..arguments import checked
from ..errors import DataError, counted
from ..paths import PathText
from .formats import ending_of, extra_of, install, is_image_name, is_other_picture, is_readable_name, readable_endings
from .globs import Exclusion, Pattern, is_system_folder

# What programs and people put beside photographs and nobody looks for among them; all other files are counted.
_COMPANIONS = frozenset((
    *(".aae", ".bib", ".bridgesort", ".cfg", ".cos", ".csv", ".css", ".db", ".doc", ".docx", ".dop", ".html"),
    *(".ini", ".ipynb", ".js", ".json", ".jsonl", ".lnk", ".log", ".mat", ".md", ".npy", ".npz", ".odt", ".on1"),
    *(".parquet", ".part", ".pp3", ".pt", ".py", ".rst", ".sh", ".sha256", ".md5", ".spd", ".sqlite", ".tar", ".thm"),
    *(".toml", ".tsv", ".txt", ".url", ".vrd", ".xls", ".xlsx", ".xml", ".xmp", ".yaml", ".yml", ".zip"),
))  # fmt: skip
_MOST_NAMES = 6


@dataclass
class LeftOut:
    """What was left out where images were looked for.

    Attributes:
        unread: Pictures that cannot be read with what is installed, counted by ending.
        others: Other files by ending, apart from what usually lies beside photographs (.xmp, .txt, ...).
        n_companions: Files of that kind.
        system_folders: Folders of thumbnails and rubbish, counted by name.
        n_excluded: Files and folders that patterns left out.
        n_around: Links to folders that hold the folder itself.
    """

    unread: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    n_companions: int = 0
    system_folders: Counter[str] = field(default_factory=Counter)
    n_excluded: int = 0
    n_around: int = 0

    def add(self, other: LeftOut) -> None:
        """Count what was left out elsewhere, too."""
        self.unread += other.unread
        self.others += other.others
        self.n_companions += other.n_companions
        self.system_folders += other.system_folders
        self.n_excluded += other.n_excluded
        self.n_around += other.n_around

    @property
    def n_files(self) -> int:
        """Files that were counted by their ending."""
        return self.unread.total() + self.others.total()

    def count(self, name: str) -> None:
        """Count a file that is not read."""
        ending = ending_of(name)
        if is_image_name(name) or is_other_picture(name):
            self.unread[ending] += 1
        elif ending in _COMPANIONS or name.startswith("."):
            self.n_companions += 1
        else:
            self.others[ending] += 1

    def describe(self) -> str:
        """Return one line that says what was left out, and what would help; empty where that is nothing of note."""
        parts = []
        wanted = {ending: extra for ending in self.unread if (extra := extra_of(f"a{ending}")) is not None}
        if wanted:
            named = Counter({ending: self.unread[ending] for ending in wanted})
            parts.append(f"{_listed(named)} ({install(extra.name for extra in wanted.values())})")
        if rest := Counter({ending: n for ending, n in self.unread.items() if ending not in wanted}):
            parts.append(f"{_listed(rest)} (convert them to PNG or JPEG)")
        if self.others:
            parts.append(_listed(self.others))
        if self.system_folders:
            names = ", ".join(sorted(self.system_folders))
            parts.append(f"{counted(self.system_folders.total(), 'system folder')} ({names}; name it to read it)")
        if self.n_excluded:
            parts.append(f"{self.n_excluded} excluded")
        if self.n_around:
            parts.append(f"{counted(self.n_around, 'link')} to a folder around the folder itself")
        return f"left out: {'; '.join(parts)}" if parts else ""


def _listed(counts: Counter[str]) -> str:
    """Return counts by ending, the most frequent first."""
    shown = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{n} {ending or 'without an ending'}" for ending, n in shown[:_MOST_NAMES])
    rest = sum(n for _, n in shown[_MOST_NAMES:])
    return f"{text}, {rest} of other endings" if rest else text


@dataclass(frozen=True)
class Survey:
    """The images below a folder, and what was left out.

    Attributes:
        folder: Where they were looked for.
        images: Paths that start with the folder, sorted.
        unreadable: Folders further down that cannot be read.
        left_out: The rest.
    """

    folder: Path
    images: tuple[Path, ...]
    unreadable: tuple[Path, ...]
    left_out: LeftOut

    def list(self) -> list[Path]:
        """Return the images, and the folders that cannot be read: reading those says why, as of a bad image.

        Raises:
            DataError: When there is nothing.
        """
        found = sorted([*self.images, *self.unreadable])
        if not found:
            what = self.left_out.describe()
            raise DataError(
                f"no image in '{self.folder}'" + (f", {what}" if what else ""),
                f"images end in .jpg, .png, .tif or another of {len(readable_endings())} endings; name other files "
                "outright",
            )
        return found


@checked
def survey_folder(folder: PathText, *, exclude: Iterable[str] = ()) -> Survey:
    """Find the images below a folder, recursively, and count what is left out.

    Hidden files and folders are left out without a word. So are, counted by name, folders of thumbnails and rubbish
    that systems make, such as `@eaDir`, unless the folder itself is one. Links to folders are followed, each once.

    Args:
        folder: An existing folder.
        exclude: Patterns of what is left out, as in .gitignore: `*_small.jpg` at any depth, `trip/raw` from the folder
            on, `raw/` folders only, `**` for any folders.

    Raises:
        DataError: When the folder itself cannot be read, or a pattern is empty.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> Path("card").mkdir()
        >>> for name in ("a.jpg", "b.jpg", "b.psd", "clip.mov", "notes.txt"):
        ...     Path("card", name).touch()
        >>> found = qi.images.survey_folder("card", exclude=["a.*"])
        >>> [path.name for path in found.images]
        ['b.jpg']
        >>> found.left_out.describe()
        'left out: 1 .psd (convert them to PNG or JPEG); 1 .mov; 1 excluded'
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - unlike Path.is_dir, no error for names that are too long
        raise DataError(f"no folder '{folder}'", "check the path")
    walk = _Walk(folder, Exclusion(exclude))
    found: list[Path] = []
    for path, names in walk.files():
        if is_readable_name(names[-1]):
            found.append(path)
        else:
            walk.left_out.count(names[-1])
    if folder in walk.unreadable:
        raise DataError(f"folder '{folder}' cannot be read", "mend its permissions")
    return Survey(folder, tuple(sorted(found)), tuple(sorted(walk.unreadable)), walk.left_out)


@checked
def list_images(folder: PathText, *, exclude: Iterable[str] = ()) -> list[Path]:
    """List the image files below a folder, recursively, in the order of their names.

    `images.survey_folder` also says what is left out. A folder further down that cannot be read stands in the list
    itself: reading it says why, as of an image that cannot be read.

    Args:
        folder: An existing folder.
        exclude: Patterns of what is left out, as in .gitignore.

    Returns:
        Paths that start with `folder`, sorted.

    Raises:
        DataError: When the folder itself cannot be read, or nothing is found.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> Path("photos/trip").mkdir(parents=True)
        >>> for name in ("b.jpg", "trip/a.png", "notes.txt", ".hidden.png"):
        ...     Path("photos", name).touch()
        >>> [path.as_posix() for path in qi.list_images("photos")]
        ['photos/b.jpg', 'photos/trip/a.png']
    """
    return survey_folder(folder, exclude=exclude).list()


@checked
def survey_glob(pattern: str, *, exclude: Iterable[str] = ()) -> Survey:
    """Find the files that a glob matches, whatever they are called; `**` stands for any folders.

    Links to folders are followed, each folder once. Hidden files and folders, and folders of thumbnails that systems
    make, are left out unless the pattern names them.

    Args:
        pattern: Such as `photos/**/*.jpg`, absolute or relative.
        exclude: Patterns of what is left out, as in .gitignore, from the last folder on that has no wildcard.

    Raises:
        DataError: When a pattern to exclude is empty.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> Path("trips/2025/raw").mkdir(parents=True)
        >>> for name in ("2025/a.jpg", "2025/raw/b.jpg"):
        ...     Path("trips", name).touch()
        >>> [path.as_posix() for path in qi.images.survey_glob("trips/**/*.jpg", exclude=["raw/"]).images]
        ['trips/2025/a.jpg']
    """
    path = Path(pattern)
    parts = path.parts[1:] if path.anchor else path.parts
    n_plain = next((place for place, part in enumerate(parts) if has_magic(part)), len(parts) - 1)
    start, globs = Path(path.anchor, *parts[:n_plain]), parts[n_plain:]
    if globs and globs[-1] == "**":
        globs = (*globs, "*")  # `**` alone stands for folders
    walk = _Walk(start, Exclusion(exclude), Pattern(globs))
    return Survey(start, tuple(sorted(path for path, _ in walk.files())), (), walk.left_out)


@checked
def find_images(pattern: str, *, exclude: Iterable[str] = ()) -> list[Path]:
    """Return the files that a glob matches, sorted (see `survey_glob`)."""
    return list(survey_glob(pattern, exclude=exclude).images)


def survey_names(paths: Iterable[str], *, exclude: Iterable[str] = ()) -> tuple[list[str], LeftOut]:
    """Find the images among the paths of all files below a folder, as `survey_folder` does, such as those of a bucket.

    Args:
        paths: Relative to the folder, with slashes.
        exclude: Patterns of what is left out, as in .gitignore.

    Returns:
        The paths of images, sorted, and what was left out.
    """
    rule = Exclusion(exclude)
    found, left_out = [], LeftOut()
    systems: set[tuple[str, ...]] = set()
    excluded: set[tuple[str, ...]] = set()
    for path in paths:
        names = tuple(path.split("/"))
        folders = [names[:depth] for depth in range(1, len(names))]
        if system := next(filter(is_system_folder, folders), None):
            systems.add(system)
        elif not names[-1] or any(name.startswith(".") for name in names):
            continue  # some buckets hold an empty file for each folder
        elif rule and (folder := next((one for one in folders if rule.covers(one, is_folder=True)), None)):
            excluded.add(folder)
        elif rule.covers(names):
            excluded.add(names)
        elif is_readable_name(path):
            found.append(path)
        else:
            left_out.count(names[-1])
    left_out.n_excluded = len(excluded)
    left_out.system_folders.update(folder[-1] for folder in systems)
    return sorted(found), left_out


class _Walk:
    """All files below a folder, with what is left out on the way.

    Attributes:
        unreadable: Folders that cannot be read.
        left_out: What was left out on the way, without the files that come out.
    """

    def __init__(self, start: Path, exclude: Exclusion, wanted: Pattern | None = None) -> None:
        self.unreadable: list[Path] = []
        self.left_out = LeftOut()
        self._start = start
        self._exclude = exclude
        self._wanted = wanted
        self._seen: set[tuple[int, int] | None] = set()
        self._links: list[tuple[Path, list[str]]] = []

    def files(self) -> Iterator[tuple[Path, list[str]]]:
        """Yield the path of each file, and the names of its path from the start on."""
        around = set(map(_identity, Path(os.path.realpath(self._start)).parents))
        yield from self._below(self._start, [])
        while self._links:
            links, self._links = sorted(self._links), []
            for link, names in links:
                if (identity := _identity(link)) is None or identity in around:
                    self.left_out.n_around += 1
                else:
                    yield from self._below(link, names)

    def _below(self, start: Path, names: list[str]) -> Iterator[tuple[Path, list[str]]]:
        """Walk through a folder unless it was walked through before; the links in it wait."""
        if self._is_seen(start):
            return
        for root, folders, files in os.walk(start, onerror=self._note_unreadable):
            here = [*names, *Path(root).relative_to(start).parts]
            folders[:] = [name for name in sorted(folders) if self._goes_into(Path(root, name), [*here, name])]
            for name in sorted(files):
                there = [*here, name]
                if not self._wants(Path(root, name), there):
                    continue
                if self._exclude.covers(there):
                    self.left_out.n_excluded += 1
                else:
                    yield Path(root, name), there

    def _note_unreadable(self, error: OSError) -> None:
        self.unreadable.append(Path(error.filename))

    def _wants(self, path: Path, names: list[str]) -> bool:
        if self._wanted is None:
            return not names[-1].startswith(".")
        return self._wanted.matches(names) and os.path.isfile(path)  # noqa: PTH113

    def _goes_into(self, folder: Path, names: list[str]) -> bool:
        """Tell whether to walk through a folder now."""
        if self._wanted is not None and not self._wanted.may_lie_below(names):
            return False
        if is_system_folder(names) and not (self._wanted and names[-1] in self._wanted.parts):
            self.left_out.system_folders[names[-1]] += 1
            return False
        if self._wanted is None and names[-1].startswith("."):
            return False
        if self._exclude.covers(names, is_folder=True):
            self.left_out.n_excluded += 1
            return False
        if os.path.islink(folder):  # noqa: PTH114
            self._links.append((folder, names))
            return False
        return not self._is_seen(folder)

    def _is_seen(self, folder: Path) -> bool:
        """Tell whether a folder was seen before; from now on it was."""
        identity = _identity(folder)
        if identity in self._seen:
            return True
        if identity is not None:
            self._seen.add(identity)
        return False


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what a folder is known by, whatever path leads to it; None where the system does not say."""
    try:
        status = os.stat(folder)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None
