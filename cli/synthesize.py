"""`quasar-index synthesize`: distorted versions of pristine images, which are anchors without a single rating."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .idle import Idle
from .output import interruptible, note, print_facts, print_table
from .progress import progress_bar

IDLE = (
    Idle(
        ("types", "levels", "per_image", "seed", "threads", "format_", "preview", "preview_of", "exclude"),
        lambda given: given["list_"],
        "--list lists the distortions and stops",
    ),
    Idle(
        ("levels", "per_image", "threads", "format_", "json"),
        lambda given: given["output"] is None and given["preview"] is not None and not given["list_"],
        "without OUT nothing is made but the preview, at all levels",
    ),
)


class ImageFormat(str, Enum):
    """Formats of the distorted images."""

    png = "png"
    bmp = "bmp"


def synthesize(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="SRC", help="Folder of pristine images; with --preview alone also one image."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Argument(metavar="[OUT]", help="Folder to write: ref_imgs/, dist_imgs/ and tables as KADIS-700k's."),
    ] = None,
    types: Annotated[
        str | None,
        typer.Option(help="Names, numbers or families, such as jpeg,1,noise; default: all 25 (see --list)."),
    ] = None,
    levels: Annotated[str, typer.Option(help="1 (weakest) to 5 (strongest).")] = "1,2,3,4,5",
    per_image: Annotated[
        str | None,
        typer.Option(
            metavar="N|TxL",
            help="Draw N (type, level) pairs for each image at random, or T types at L levels each; default: all.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of noise, positions and of --per-image.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads; default: one a core.")] = None,
    format_: Annotated[
        ImageFormat, typer.Option("--format", "-f", help="Of the distorted images; bmp, as KADIS, is larger.")
    ] = ImageFormat.png,
    preview: Annotated[
        Path | None,
        typer.Option(metavar="SHEET", help="Draw one image under the types, at all levels; needs no OUT."),
    ] = None,
    preview_of: Annotated[
        Path | None,
        typer.Option("--preview-of", metavar="IMAGE", help="Image of --preview; default: the first usable one of SRC."),
    ] = None,
    exclude: options.ExcludeGlobs = None,
    list_: Annotated[bool, typer.Option("--list", help="List the distortions and their strengths, and stop.")] = False,
    json: options.Json = False,
) -> None:
    """Distort pristine images: the 25 types of KADID-10k at five levels, laid out as KADIS-700k.

    An interrupted run goes on with the same command. An image that cannot be used is reported, the others are
    distorted, and the exit code is 3.
    """
    if list_:
        _list(as_json=json)
        return
    if source is None:
        raise typer.BadParameter("SRC is missing: a folder of pristine images")
    if output is None and preview is None:
        raise typer.BadParameter("give OUT, --preview SHEET or both")
    if preview_of is not None and preview is None:
        raise typer.BadParameter("--preview-of belongs to --preview")
    chosen_types, chosen_levels, drawn = _types(types), _levels(levels), _drawn(per_image)
    if preview is not None:
        shown = _preview(source, preview_of, preview, types=chosen_types, seed=seed, exclude=exclude or ())
        note(f"{preview} shows '{shown}'")
    if output is None:
        return
    if source.is_dir() and (said := qi.images.survey_folder(source, exclude=exclude or ()).left_out.describe()):
        note(said)
    all_pairs = len(chosen_types or qi.synthesis.DISTORTIONS) * len(set(chosen_levels))
    n_pairs = math.prod(drawn) if isinstance(drawn, tuple) else drawn or all_pairs
    with interruptible("the same command goes on where it stopped"), progress_bar("distorting") as on_progress:
        report = qi.synthesis.synthesize(
            source,
            output,
            types=chosen_types,
            levels=chosen_levels,
            per_image=drawn,
            seed=seed,
            n_workers=threads,
            extension=format_.value,
            exclude=exclude or (),
            # in images, so that the rate is one of images
            on_progress=lambda done, total: on_progress(done * n_pairs, total * n_pairs),
        )
    if json:
        failures = [{"path": str(path), "error": error} for path, error in report.failures]
        print_facts({**asdict(report), "output_dir": str(output), "failures": failures}, as_json=True)
    else:
        print_facts(_facts(report), as_json=False)
    if report.failures:
        note(f"error: {counted(len(report.failures), 'image')} could not be used")
        raise typer.Exit(qi.DataError.exit_code)


def _facts(report: qi.synthesis.SynthesisReport) -> dict[str, str]:
    facts = {
        "output": str(report.output_dir),
        "references": f"{report.n_references:,}",
        "distorted": f"{report.n_distorted:,}: {report.n_written:,} written, {report.n_kept:,} kept from before",
    }
    if report.failures:
        facts["failed"] = "\n".join(f"{path}: {error}" for path, error in report.failures)
    if report.n_distorted:
        facts["next"] = f"quasar-index build NAME --data {_quoted(report.output_dir)}"
    return facts


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _types(text: str | None) -> list[str] | None:
    """Return the names that a list of names, numbers and families stands for; None for all.

    Raises:
        DataError: On anything else.
    """
    if text is None:
        return None
    chosen: list[str] = []
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        found = [
            name
            for name, distortion in qi.synthesis.DISTORTIONS.items()
            if part in (name, distortion.kind) or (part.isdecimal() and int(part) == distortion.number)
        ]
        if part.isdecimal() and not found:
            raise qi.DataError(
                f"there is no distortion {part}", f"numbers are 1 to {len(qi.synthesis.DISTORTIONS)}, see --list"
            )
        chosen += found or [part]  # the library refuses an unknown name, with the nearest one
    return chosen


def _levels(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"--levels {text!r} is not a list such as 1,3,5")
    return [int(part) for part in parts]


def _drawn(text: str | None) -> int | tuple[int, int] | None:
    """Return how many pairs to draw for each image, or how many types and levels."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter(f"--per-image {text!r} is neither a number such as 8 nor types x levels such as 4x2")
    numbers = [int(part) for part in parts]
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _preview(
    source: Path, image: Path | None, sheet: Path, *, types: list[str] | None, seed: int, exclude: Sequence[str]
) -> Path:
    """Write the contact sheet of one image and return its path.

    Raises:
        DataError: When the image, or every image of the folder, cannot be used, or the sheet cannot be written.
    """
    if image is not None and not image.is_file() and (source / image).is_file():
        image = source / image
    if image is None and source.is_file():
        image = source
    candidates = [image] if image is not None else qi.list_images(source, exclude=exclude)
    for path in candidates:
        try:
            drawn = qi.synthesis.contact_sheet(
                qi.images.decode(qi.images.read_image_bytes(str(path))), types=types, seed=seed
            )
        except qi.DataError as error:
            if path == candidates[-1]:
                raise qi.DataError(f"no preview of '{path}': {error.message}", error.hint) from error
            continue
        break
    try:
        drawn.save(sheet)
    except (OSError, ValueError) as error:
        raise qi.DataError(f"'{sheet}' cannot be written ({error})", "name a .png in a folder that exists") from error
    return path


def _list(*, as_json: bool) -> None:
    """Print the distortions with the strengths of their levels."""
    if as_json:
        columns = ("name", "number", "kind", "parameter", "levels")
        print_facts(
            {d.name: {column: getattr(d, column) for column in columns} for d in qi.synthesis.DISTORTIONS.values()},
            as_json=True,
        )
        return
    print_table(
        ("no", "type", "family", *(f"level {level}" for level in range(1, 6)), "strength"),
        [
            (str(d.number), d.name, d.kind, *(f"{strength:g}" for strength in d.levels), d.parameter)
            for d in qi.synthesis.DISTORTIONS.values()
        ],
        right=("no", *(f"level {level}" for level in range(1, 6))),
        keep=("type", *(f"level {level}" for level in range(1, 6))),
    )
