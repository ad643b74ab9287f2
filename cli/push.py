"""`quasar-index push`: an index where others can pull it."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted
from quasar_index.sizes import size_text

from . import options
from .output import check_output, note, print_facts
from .progress import progress_bar


def push(
    name: options.Index,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="NAME.quasar, a URL of such a file, hf://OWNER/NAME, or s3://BUCKET/NAME: an index that is read in "
            "place.",
        ),
    ],
    private: Annotated[
        bool,
        typer.Option(
            "--private",
            help="Leave out paths, names of your data and label files, and columns that are no rating; scores stay "
            "the same.",
        ),
    ] = False,
    licence: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Licence of the index, such as CC-BY-4.0; that of published data is known.",
        ),
    ] = None,
    version: options.IndexVersion = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace whatever index is at s3://BUCKET/NAME; a file always is.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Put an index into one file, on the Hugging Face hub, or into a store; 'quasar-index pull' makes an index of it.

    One version goes, with all its ratings, embeddings and calibrations; no images, no history, no tags.
    """
    index = qi.AnchorIndex.open(name, version)
    if "://" not in target:
        check_output("TARGET", target)
    with progress_bar("writing") as update:
        report = qi.sharing.push(
            index,
            target,
            private=private,
            licence=licence,
            overwrite=overwrite,
            show_progress=sys.stderr.isatty() and not json,
            on_progress=update,
        )
    bundle = report.bundle
    if not bundle.terms:
        note("no licence is known of this index: say under which others may use it, --licence NAME")
    if not private:
        note("the paths of its images go with it; --private leaves them out")
    if json:
        facts = {"index": index.place, "version": index.manifest.version, "target": report.target}
        facts |= {"n_anchors": len(bundle), "n_bytes": bundle.n_bytes, "private": private}
        print_facts(facts | {"terms": [vars(one) for one in bundle.terms]}, as_json=True)
        return
    facts = {"pushed": f"{index.name}, version {index.manifest.version}: {counted(len(bundle), 'anchor', form=',')}"}
    facts |= {"to": f"{report.target}, {size_text(bundle.n_bytes)}"}
    facts |= {f"terms of {one.of}": one.licence for one in bundle.terms}
    print_facts(facts | {"others": f"quasar-index pull {shlex.quote(report.target)}"}, as_json=False)
