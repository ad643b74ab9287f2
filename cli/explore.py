"""`quasar-index explore`: a page on this machine to look at photographs, cull them and see why each has its score."""

from __future__ import annotations

import os
import sys
import threading
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.index.places import STARTER

from . import completing, options, starter
from . import method_option as ways
from .files import expand, holds_files
from .idle import Idle
from .output import interruptible, note, printable

_PANEL = "Page"
_SECONDS = 0.5
IDLE = (
    Idle(("exclude",), lambda given: not any(map(holds_files, given["paths"] or ())), "no folder or glob is named"),
    ways.idle_group("it is for what a method chooses by groups: a shrinkage, a penalty, a space"),
)
EVERYDAY = ("exclude",)


def explore(
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTOS",
            help="Files, folders (recursive), globs; none: images are dropped on the page.",
            show_default=False,
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            metavar="NAME",
            help="Name, path or address; default: starter.",
            autocompletion=completing.indexes,
        ),
    ] = None,
    exclude: options.ExcludeGlobs = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 is a free one.", rich_help_panel=_PANEL)
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the page.", rich_help_panel=_PANEL)
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address of this machine to serve on; others than 127.0.0.1 are within reach of other machines.",
            rich_help_panel=_PANEL,
        ),
    ] = "127.0.0.1",
    method: ways.MethodOption = None,
    group: ways.GroupOption = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    embedding: options.Embedding,
) -> None:
    """Look at photographs in the browser: score, cull, mark and export them, and see why each has its score.

    Nothing is deleted or changed: marks are kept in a small file beside the photographs. Only this machine's browser
    that opens the printed address is let in.
    """
    from quasar_index.explorer.serving import is_loopback

    qi.explorer.check_server()
    folders = [path for path in paths or () if os.path.isdir(path)]  # noqa: PTH112 - no error for odd names
    files = expand(paths, exclude or ()).paths if paths else []
    named = None if index is None else [index]
    (opened,) = starter.open_indexes(named, version)
    qi.encoders.check_recorded_encoder(opened.manifest.encoder, **embedding.place)
    given = starter.method_of(method, named)
    calibration = _calibration_of(opened, given, rating)
    by = group or (calibration.column if calibration else None)
    table = opened.anchors(rating=rating, group=by)
    chosen = ways.settle(given, table)
    scorer = qi.Scorer(table, chosen, batch_size=embedding.batch_size, cache=embedding.cache)
    qi.allow_pixels(embedding.max_pixels)
    scorer.encoder = qi.encoders.LazyEncoder(opened.manifest.encoder, **embedding.loading, n_images=len(files) or None)
    explorer = qi.explorer.Explorer(
        scorer,
        opened,
        files,
        folders=folders,
        calibration=calibration,
        command=qi.explorer.Command(
            paths or (),
            index or STARTER,
            str(chosen),
            _further(rating=rating, group=group, version=version, exclude=exclude, calibrated=calibration is not None),
        ),
        max_pixels=embedding.max_pixels,
        n_workers=embedding.threads,
    )
    if not is_loopback(host):
        note(f"warning: other machines can reach {host}: whoever gets the address below may look, mark and export")
    with (
        interruptible("marks are kept; the same command goes on"),
        qi.explorer.serving(explorer, host=host, port=port) as address,
    ):
        note(f"open {printable(address.url)} - Ctrl-C ends it")
        if not no_browser:
            _open(address.url)
        explorer.run()
        ended = threading.Event()
        while not ended.wait(_SECONDS):  # a signal that comes just before a wait is answered when it ends
            pass


def _calibration_of(index: qi.AnchorIndex, method: qi.Method, rating: str | None) -> Any:
    """Return the calibration of an index; None where it has none."""
    try:
        return qi.read_calibration(index, method, rating=rating)
    except qi.AnchorIndexError:
        return None


def _further(*, exclude: list[str] | None, calibrated: bool, **given: str | None) -> list[str]:
    """Return the options of `score` that decide its numbers, beside index and method."""
    found = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
    found += [word for one in exclude or () for word in ("--exclude", one)]
    return found + (["--calibrated"] if calibrated else [])


def _open(url: str) -> None:
    """Open the browser without waiting for it; where there is none, the address was printed."""
    import webbrowser

    shows_windows = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if not shows_windows and not os.environ.get("BROWSER"):
        return  # else a browser in the terminal would start, which runs no scripts
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
