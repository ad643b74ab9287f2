"""`quasar-index pull`: an index of what others share."""

from __future__ import annotations

import contextlib
import sys
from contextvars import copy_context
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import AnchorIndexError, counted
from quasar_index.sizes import size_text

from . import options
from .idle import Idle
from .info import embedding_words, provenance_facts
from .logs import is_json
from .output import interruptible, note, print_facts, print_table, print_text
from .progress import Update, progress_bar

IDLE = (
    Idle(
        ("encoder", "raw", "offline", "overwrite", "accept_changed"),
        lambda given: given["source"] is None,
        "without SOURCE, the published sets are listed",
    ),
    Idle(("name", "overwrite"), lambda given: given["raw"] is not None, "--raw makes no index"),
)


def pull(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="quasar:NAME, https://..., s3://..., hf://OWNER/NAME, or the path of a zip, a folder or a bundle; "
            "default: list the published sets.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name, path or address; default: the name of the source."),
    ] = None,
    *,
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", "-e", help="Whose embeddings; default: those of the paper's encoder for the task."),
    ] = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Make no index: put the published files into this folder, for 'reproduce --published DIR'.",
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use what is here, and no network; so also with $HF_HUB_OFFLINE=1.")
    ] = False,
    accept_changed: Annotated[
        bool,
        typer.Option("--accept-changed", help="Take a file that is not what it was when it was first pulled."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index of that name.")] = False,
    json: options.Json = False,
) -> None:
    """Make an index of published embeddings, or of a bundle that 'push' made.

    An interrupted pull goes on with the same command, and downloads nothing twice.
    """
    if source is None:
        _list_published(as_json=json)
        return
    with contextlib.ExitStack() as stack:
        stack.enter_context(interruptible("the same command goes on where it stopped"))
        bars = _Bars(stack)
        how = qi.sharing.Fetching(
            offline=offline,
            accept_changed=accept_changed,
            on_start=_say_size,
            on_progress=bars.update,
            hub_bars=sys.stderr.isatty() and not is_json(),
        )
        if raw is not None:
            folder = qi.sharing.pull_files(source, raw, encoder=encoder, fetching=how)
            bars.close()
            _say_files(folder, as_json=json)
            return
        pulled = qi.sharing.pull(source, name, encoder=encoder, overwrite=overwrite, fetching=how)
    for text in pulled.warnings:
        note(text)
    if pulled.n_duplicates:
        note(f"{counted(pulled.n_duplicates, 'row was', 'rows were')} left out, an earlier one is the same")
    if pulled.others:
        note(f"it has embeddings by {', '.join(pulled.others)}, too: --encoder, under another NAME")
    if not pulled.is_new:
        note(f"pulled before, {pulled.origin.time}; --overwrite pulls it anew")
    print_facts(_facts(pulled.index, as_json=json), as_json=json)


class _Bars:
    """One bar for each thing that is done."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack.enter_context(contextlib.ExitStack())
        self._context = copy_context()
        self._what = ""
        self._update: Update | None = None

    def update(self, what: str, done: int, total: int | None) -> None:
        """Show how far something is; Lance calls this from threads that do not know how this run says things."""
        self._context.copy().run(self._show, what, done, total)

    def _show(self, what: str, done: int, total: int | None) -> None:
        if what != self._what or self._update is None:
            self.close()
            self._what, self._update = what, self._stack.enter_context(progress_bar(what, in_bytes=True))
        self._update(done, total)

    def close(self) -> None:
        """End the bar."""
        self._stack.close()
        self._update = None


def _say_size(address: str, total: int | None, here: int) -> None:
    """Say how much is downloaded, before it is."""
    size = "of a size that the source does not say" if total is None else size_text(total)
    note(f"downloading {address}, {size}" + (f", of which {size_text(here)} are here" if here else ""))


def _facts(index: qi.AnchorIndex, *, as_json: bool) -> dict[str, Any]:
    """Return what a person wants to see of a pulled index; `info` tells more, and reads all anchors for it."""
    manifest = index.manifest
    if as_json:
        came = qi.index.Provenance.of([index.path])
        return {
            "path": index.place,
            "n_good": manifest.n_good,
            "n_bad": manifest.n_bad,
            "encoder": manifest.encoder.to_dict(),
            "origins": [asdict(one) for one in came.origins],
            "terms": [asdict(one) for one in came.terms],
        }
    return {
        "index": index.place,
        "anchors": f"{len(index):,}: {manifest.n_good:,} good, {manifest.n_bad:,} bad",
        "encoder": embedding_words(manifest.embeddings[0]),
        **provenance_facts(index),
        "use": f"quasar-index score IMAGES --index {_short_name(index)}",
    }


def _short_name(index: qi.AnchorIndex) -> str:
    """Return what `--index` takes: its name where that finds it, else its path."""
    with contextlib.suppress(AnchorIndexError):
        if qi.AnchorIndex.open(index.name).path.samefile(index.path):
            return index.name
    return index.place


def _say_files(folder: Path, *, as_json: bool) -> None:
    """Print which files are there."""
    files = sorted(path for path in folder.iterdir() if path.suffix == ".pt")
    if as_json:
        print_facts({"path": str(folder), "tensors": [path.name for path in files]}, as_json=True)
        return
    sizes = "\n".join(f"{path.name}, {size_text(path.stat().st_size)}" for path in files)
    print_facts({"files": str(folder), "tensors": sizes, "use": f"quasar-index pull {folder} NAME"}, as_json=False)


def _list_published(*, as_json: bool) -> None:
    """Print the published sets."""
    sets = qi.datasets.PUBLISHED.values()
    if as_json:
        facts = {
            one.name: {"source": one.source, "role": one.role, "n": one.size, "url": one.url, "encoder": one.encoder}
            | {"licence": one.licence, "citation": one.citation, "note": one.note}
            for one in sets
        }
        print_facts(facts, as_json=True)
        return
    rows = [
        (one.source, one.role, "" if one.size is None else f"{one.size:,}", one.encoder, one.licence) for one in sets
    ]
    print_table(("source", "made for", "embeddings", "default encoder", "terms of the data"), rows,
                right=("embeddings",), keep=("source",))  # fmt: skip
    print_text("\nWhich encoders a zip has is told when it is here: --encoder picks one.")
    print_text(f"They are those of {qi.datasets.published.RELEASE.partition('/releases/')[0]}.")
