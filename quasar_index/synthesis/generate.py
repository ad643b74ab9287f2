"""Write a KADIS-700k-like data set: pristine images, their distorted versions, and who is whose.

Layout of the output:

    ref_imgs/{name}.png                          the sources, decoded and upright
    dist_imgs/{name}_{type:02d}_{level:02d}.png  types 1..25, levels 1..5
    kadis700k_ref_imgs.csv                       ref_im,dist_type_1,...: the types drawn for each reference
    labels.csv                                   path,reference,distortion,level,severity; paths relative to the output

Every image has a random stream of its own, seeded by (seed, content of the source file, type, level), so it
depends neither on the number of workers nor on the order nor on the other images of the folder.
"""

from __future__ import annotations

import csv
import io
import logging
import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from ..arguments import checked
from ..arrays import ByteArray
from ..errors import DataError, counted
from ..images import content_id, decode, list_images, read_image_bytes
from ..paths import PathText, write_atomically
from .registry import DISTORTIONS, LEVELS, Distortion, check_image, check_level, find_distortion

logger = logging.getLogger(__name__)

REFERENCES_FOLDER = "ref_imgs"
DISTORTED_FOLDER = "dist_imgs"
KADIS_TABLE = "kadis700k_ref_imgs.csv"
LABELS_TABLE = "labels.csv"

# Text chunk of a written reference that says what it and its distorted versions were made of.
_ORIGIN_KEY = "quasar-index-synthesis"
# Part of the origin; raise it with every change of strengths or methods, so that no run mixes two versions.
_RECIPE = 1

Pair = tuple[Distortion, int]


@dataclass(frozen=True)
class SynthesisReport:
    """What a run of `synthesize` did.

    Attributes:
        output_dir: The data set.
        n_references: Sources that are in it with all of their distorted versions.
        n_distorted: Distorted images of these.
        n_written: Distorted images written by this run.
        n_kept: Distorted images found complete from an earlier run.
        failures: (source, message) of images that could not be used, in the order of their paths.
    """

    output_dir: Path
    n_references: int
    n_distorted: int
    n_written: int
    n_kept: int
    failures: list[tuple[Path, str]]


@dataclass(frozen=True)
class _Plan:
    """What is the same for all sources of a run."""

    output_dir: Path
    grid: tuple[Pair, ...]
    per_image: int | tuple[int, int] | None
    seed: int
    extension: str


@dataclass(frozen=True)
class _Outcome:
    """What became of one source."""

    pairs: tuple[Pair, ...] = ()
    n_written: int = 0
    failure: str | None = None


@checked
def synthesize(
    source_dir: PathText,
    output_dir: PathText,
    *,
    types: Sequence[str] | None = None,
    levels: Sequence[int] = LEVELS,
    per_image: int | tuple[int, int] | None = None,
    seed: int = 0,
    n_workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    extension: Literal["png", "bmp"] = "png",
    exclude: Iterable[str] = (),
) -> SynthesisReport:
    """Distort all images of a folder into a KADIS-like data set, or finish one that was interrupted.

    A distorted image that is there already is kept if its reference was made of the same source bytes and
    seed, else it is made anew. The two tables name the images of this call's selection, whatever else lies in
    the folders.

    Args:
        source_dir: Pristine images, searched recursively; those in `output_dir` are left out. An image of a
            subfolder is named `{folder}__{stem}`, so that equal names in different folders stay apart.
        output_dir: Where to write; made if it is not there.
        types: Names of distortions, or None for all 25.
        levels: Levels to make, of 1..5.
        per_image: How many (type, level) pairs to draw for each image at random; or how many types, and how many levels
            of each of them, as (4, 2); or None for all.
        seed: At least 0.
        n_workers: Threads, or None for one a processor.
        on_progress: Called with (sources done, sources in all) after each source, by the calling thread.
        extension: Format of the distorted images; bmp, which KADIS uses, is larger. References are png.
        exclude: Patterns of sources that are left out, as of `list_images`.

    Returns:
        Counts, and the images that could not be used.

    Raises:
        DataError: On unfit arguments, no source, sources whose names would collide, an output that holds
            another data set, or a failed write. Images that cannot be decoded do not raise but are reported.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> Path("pristine").mkdir()
        >>> Image.fromarray(np.full((32, 32, 3), 128, dtype=np.uint8)).save("pristine/grey.png")
        >>> report = qi.synthesis.synthesize("pristine", "made", types=["jpeg", "white-noise"])
        >>> report.n_written, len(qi.load_source("made"))
        (10, 11)
    """
    source_dir, output_dir = Path(source_dir), Path(output_dir)
    if seed < 0:
        raise DataError(f"seed {seed} is negative", "seeds are 0 or more")
    if n_workers is not None and n_workers < 1:
        raise DataError(f"{n_workers} workers cannot work", "n_workers is 1 or more")
    if extension not in {"png", "bmp"}:
        raise DataError(f"distorted images cannot be written as {extension!r}", "extension is png or bmp")
    grid = _grid(types, levels)
    _check_draw(per_image, grid)
    _check_folders(source_dir, output_dir)
    sources = _named_sources(source_dir, output_dir, exclude)
    plan = _Plan(output_dir, grid, per_image, seed, extension)
    try:
        for folder in (REFERENCES_FOLDER, DISTORTED_FOLDER):
            (output_dir / folder).mkdir(parents=True, exist_ok=True)
        outcomes = _run(plan, sources, n_workers, on_progress)
        _write_tables(plan, outcomes)
    except OSError as error:
        raise DataError(
            f"cannot write '{error.filename or output_dir}': {error.strerror}", "run again once mended"
        ) from error

    made = [outcome for outcome in outcomes.values() if outcome.failure is None]
    n_distorted = sum(len(outcome.pairs) for outcome in made)
    n_written = sum(outcome.n_written for outcome in made)
    return SynthesisReport(
        output_dir=output_dir,
        n_references=len(made),
        n_distorted=n_distorted,
        n_written=n_written,
        n_kept=n_distorted - n_written,
        failures=[
            (sources[name], outcome.failure) for name, outcome in outcomes.items() if outcome.failure is not None
        ],
    )


def _grid(types: Sequence[str] | None, levels: Sequence[int]) -> tuple[Pair, ...]:
    """Return the (type, level) pairs asked for, each once, by number and level."""
    chosen = list(DISTORTIONS.values()) if types is None else [find_distortion(name) for name in types]
    for level in levels:
        check_level(level)
    if not chosen or not levels:
        raise DataError("no distortion type or no level is chosen", "leave types or levels out for all of them")
    numbered = {distortion.number: distortion for distortion in chosen}
    return tuple((numbered[number], level) for number in sorted(numbered) for level in sorted(set(levels)))


def _check_draw(per_image: int | tuple[int, int] | None, grid: tuple[Pair, ...]) -> None:
    """Raise a DataError unless so many pairs can be drawn."""
    if isinstance(per_image, tuple):
        n_types, n_levels = len({one.number for one, _ in grid}), len({level for _, level in grid})
        if len(per_image) != 2 or not (1 <= per_image[0] <= n_types and 1 <= per_image[1] <= n_levels):
            drawn = " x ".join(map(str, per_image))
            raise DataError(
                f"cannot draw {drawn} of {counted(n_types, 'type')} x {counted(n_levels, 'level')}",
                "mend per_image, types or levels",
            )
    elif per_image is not None and not 1 <= per_image <= len(grid):
        raise DataError(
            f"cannot draw {per_image} of {len(grid)} (type, level) pairs", "mend per_image, types or levels"
        )


def _check_folders(source_dir: Path, output_dir: Path) -> None:
    if source_dir.resolve().is_relative_to(output_dir.resolve()):
        raise DataError(f"the sources '{source_dir}' lie in the output '{output_dir}'", "write to another folder")
    # Both tables are written at the end, the labels first: KADIS itself has only the other one.
    if (output_dir / KADIS_TABLE).exists() and not (output_dir / LABELS_TABLE).exists():
        raise DataError(f"'{output_dir}' holds another KADIS-like data set", "write to another folder")


def _named_sources(source_dir: Path, output_dir: Path, exclude: Iterable[str]) -> dict[str, Path]:
    """Return the sources by the name that their outputs get, in the order of their paths."""
    output = output_dir.resolve()
    named: dict[str, Path] = {}
    taken: dict[str, Path] = {}
    for path in list_images(source_dir, exclude=exclude):
        if path.resolve().is_relative_to(output):
            continue
        name = "__".join(path.relative_to(source_dir).with_suffix("").parts)
        # Folded, because the output may lie on a file system that does not tell A.png from a.png.
        other = taken.setdefault(name.casefold(), path)
        if other is not path:
            raise DataError(f"'{other}' and '{path}' would both become '{name}.png'", "rename one of them")
        named[name] = path
    if not named:
        raise DataError(f"no image in '{source_dir}' outside of the output", "check the folder")
    return named


def _run(
    plan: _Plan,
    sources: dict[str, Path],
    n_workers: int | None,
    on_progress: Callable[[int, int], None] | None,
) -> dict[str, _Outcome]:
    # Threads, not processes: NumPy, OpenCV and Pillow let go of the interpreter's lock. With two workers on two
    # cores threads wrote 76 images a second and spawned processes 74 (one thread: 41), and a script that calls
    # this needs no `if __name__ == "__main__"`.
    with ThreadPoolExecutor(n_workers or os.cpu_count()) as pool:
        futures = {pool.submit(_synthesize_one, plan, name, path): name for name, path in sources.items()}
        outcomes: dict[str, _Outcome] = {}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                outcomes[futures[future]] = future.result()
                if on_progress is not None:
                    on_progress(done, len(futures))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {name: outcomes[name] for name in sources}


def _is_plain(name: str) -> bool:
    """Tell whether a name can stand in a text file, in one line."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in name)


def _synthesize_one(plan: _Plan, name: str, source: Path) -> _Outcome:
    """Write one reference and its distorted versions, as far as they are missing."""
    if not _is_plain(name):
        return _Outcome(failure="its name is not UTF-8, or holds control characters, which tables cannot; rename it")
    try:
        data = read_image_bytes(str(source))
    except DataError as error:
        return _Outcome(failure=error.message)
    content = content_id(data)
    pairs = _drawn_pairs(plan, content)
    origin = f"{_RECIPE}:{plan.seed}:{content}"
    reference = plan.output_dir / REFERENCES_FOLDER / f"{name}.png"
    found = _origin(reference)
    missing = [pair for pair in pairs if found != origin or not _distorted_path(plan, name, pair).exists()]
    if found == origin and not missing:
        return _Outcome(pairs=pairs)
    try:
        image = decode(data)
        check_image(image)
    except DataError as error:
        logger.info("%s: %s", source, error)  # the report names it, too
        return _Outcome(failure=str(error))
    if found != origin:
        if reference.exists():
            _remove_distorted(plan, name)
        _write_image(reference, image, origin)
    for distortion, level in missing:
        rng = np.random.default_rng((plan.seed, int(content, 16), distortion.number, level))
        distorted = distortion.function(image, distortion.levels[level - 1], rng)
        _write_image(_distorted_path(plan, name, (distortion, level)), distorted)
    return _Outcome(pairs=pairs, n_written=len(missing))


def _drawn_pairs(plan: _Plan, content: str) -> tuple[Pair, ...]:
    if plan.per_image is None:
        return plan.grid
    # Type 0 is none of the distortions', so this stream is no image's.
    rng = np.random.default_rng((plan.seed, int(content, 16), 0, 0))
    if isinstance(plan.per_image, tuple):
        n_types, n_levels = plan.per_image
        numbers = rng.choice(sorted({one.number for one, _ in plan.grid}), size=n_types, replace=False)
        levels = sorted({level for _, level in plan.grid})
        chosen = {(int(number), level) for number in numbers for level in rng.choice(levels, n_levels, replace=False)}
        return tuple(pair for pair in plan.grid if (pair[0].number, pair[1]) in chosen)
    drawn = rng.choice(len(plan.grid), size=plan.per_image, replace=False)
    return tuple(plan.grid[index] for index in sorted(drawn.tolist()))


def _distorted_path(plan: _Plan, name: str, pair: Pair, extension: str | None = None) -> Path:
    distortion, level = pair
    file_name = f"{name}_{distortion.number:02d}_{level:02d}.{extension or plan.extension}"
    return plan.output_dir / DISTORTED_FOLDER / file_name


def _origin(reference: Path) -> str | None:
    """Return the origin noted in a reference written earlier, or None where there is no such file.

    Raises:
        DataError: When it was written by something else, so that nobody's data are lost.
    """
    try:
        with Image.open(reference) as image:
            origin = image.info.get(_ORIGIN_KEY)
    except FileNotFoundError:
        return None
    except UnidentifiedImageError:
        origin = None
    if origin is None:
        raise DataError(f"'{reference}' was not written by quasar-index", "move it, or write to another folder")
    return str(origin)


def _remove_distorted(plan: _Plan, name: str) -> None:
    """Remove what was made of an earlier source or seed, before its reference is replaced.

    In this order an interruption leaves missing images at worst, never old ones beside a new reference.
    """
    for distortion in DISTORTIONS.values():
        for level in LEVELS:
            for extension in ("png", "bmp"):
                _distorted_path(plan, name, (distortion, level), extension).unlink(missing_ok=True)


def _write_image(path: Path, image: ByteArray, origin: str | None = None) -> None:
    buffer = io.BytesIO()
    if path.suffix == ".bmp":
        Image.fromarray(image).save(buffer, format="BMP")
    else:
        notes = PngImagePlugin.PngInfo()
        if origin is not None:
            notes.add_text(_ORIGIN_KEY, origin)
        Image.fromarray(image).save(buffer, format="PNG", compress_level=1, pnginfo=notes)
    write_atomically(path, buffer.getvalue(), shared=True)


def _write_tables(plan: _Plan, outcomes: dict[str, _Outcome]) -> None:
    labels: list[list[object]] = [["path", "reference", "distortion", "level", "severity"]]
    drawn: list[tuple[str, list[int]]] = []
    for name, outcome in outcomes.items():
        if outcome.failure is not None:
            continue
        reference = f"{REFERENCES_FOLDER}/{name}.png"
        labels.append([reference, reference, "", 0, 0])
        for pair in outcome.pairs:
            path = _distorted_path(plan, name, pair).relative_to(plan.output_dir).as_posix()
            labels.append([path, reference, pair[0].name, pair[1], pair[1]])  # our levels are strengths
        drawn.append((f"{name}.png", sorted({distortion.number for distortion, _ in outcome.pairs})))
    n_columns = max((len(numbers) for _, numbers in drawn), default=1)
    kadis: list[list[object]] = [["ref_im", *(f"dist_type_{n}" for n in range(1, n_columns + 1))]]
    kadis += [[name, *numbers, *[""] * (n_columns - len(numbers))] for name, numbers in drawn]
    for table, rows in ((LABELS_TABLE, labels), (KADIS_TABLE, kadis)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        write_atomically(plan.output_dir / table, text.getvalue().encode(), shared=True)
