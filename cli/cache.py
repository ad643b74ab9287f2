"""`quasar-index cache`: the embeddings that are kept of images, so that none is embedded twice."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted
from quasar_index.index import mirrors
from quasar_index.index.addresses import stores_folder
from quasar_index.sizes import read_size, size_text

from . import options
from .idle import Idle
from .output import note, print_facts, print_table, print_text

IDLE = (Idle(("prune",), lambda given: given["clear"], "--clear removes all"),)


def cache(
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all of it.")] = False,
    prune: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Remove the longest unused ones until at most SIZE, such as 500M, is left."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show the cache of embeddings: where it is, its size, what it holds; or remove what it holds.

    An image whose file is there by content is not embedded again, whatever its name: in score, evaluate, sweep, build,
    add and check. They take --no-cache. $QUASAR_INDEX_CACHE names another folder, $QUASAR_INDEX_CACHE_SIZE another
    limit (such as 10G; 0 keeps nothing); what was not used for the longest time makes room. The search caches of
    indexes in object stores lie there, too, with a limit of their own, $QUASAR_INDEX_STORE_CACHE_SIZE.
    """
    size = 0 if clear else None if prune is None else read_size(prune)
    kept = qi.EmbeddingCache()
    if size is not None:
        note(f"{counted(kept.prune(size), 'embedding was', 'embeddings were')} removed")
        if n := mirrors.prune(size):
            note(f"{counted(n, 'search cache was', 'search caches were')} removed")
    shares, stores = kept.shares(), mirrors.kept_bytes()
    if json:
        facts = {"path": str(kept.path), "n_bytes": kept.n_bytes, "limit": kept.limit}
        facts |= {"stores": {"path": str(stores_folder()), "n_bytes": stores, "limit": mirrors.limit()}}
        print_facts({**facts, "encoders": [asdict(share) for share in shares]}, as_json=True)
        return
    n = sum(share.n_images for share in shares)
    print_facts(
        {
            "cache": str(kept.path),
            "size": f"{size_text(kept.n_bytes)} of at most {size_text(kept.limit)}",
            "embeddings": f"{n:,}",
        }
        | ({"indexes in stores": f"{size_text(stores)} of at most {size_text(mirrors.limit())}"} if stores else {}),
        as_json=False,
    )
    if shares:
        print_text()
        rows = [
            (
                share.encoder,
                share.input,
                str(share.rule),
                share.layers,
                share.runtime,
                f"{share.n_images:,}",
                time.strftime("%Y-%m-%d %H:%M", time.gmtime(share.used)),
            )
            for share in shares
        ]
        titles = ("encoder", "input", "rule", "layers", "runtime", "images", "last used (UTC)")
        print_table(titles, rows, right=("images",), keep=("encoder", "images"), least=("layers", "last used (UTC)"))
