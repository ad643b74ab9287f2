"""`quasar-index demo`: from nothing to scores in a minute or two, offline."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .output import interruptible, note, print_facts, print_table, print_text
from .progress import progress_bar

COLUMNS = ("method", "mean", "standard deviation", "lowest", "highest")


def demo(
    name: Annotated[str, typer.Option("--name", help="Name of the index; an earlier demo's is replaced.")] = "demo",
    seed: Annotated[int, typer.Option(help="Of the noise and of the five divisions.")] = 0,
    device: options.Device = "auto",
) -> None:
    """Build an index of scikit-image's photographs, and try methods on held-out ones.

    Prints the Spearman correlation (SRCC) of score against minus the distortion level, on photographs of which no part
    is an anchor: the mean and the spread over five random divisions.
    """
    from quasar_index.demo import check_demo
    from quasar_index.index.places import new_index_path

    path = new_index_path(name)
    check_demo(path)
    qi.encoders.check_encoder(qi.DEFAULT_ENCODER, device=device)
    images = path.with_name(f"{path.name}-images")
    note(f"distorting photographs into '{images}', then embedding them with {qi.DEFAULT_ENCODER} (works offline)")
    encoder = qi.load_encoder(device=device)
    with interruptible("run it again"), progress_bar("embedding") as on_progress:
        report = qi.demo.run_demo(path, images, encoder, seed=seed, on_progress=on_progress)
    n = ", ".join(map(str, report.n_held_out))
    print_text("SRCC of score against minus the distortion level, on photographs of which no part is an anchor")
    print_text(f"{counted(len(report.n_held_out), 'random division')} by photograph; images scored in each: {n}")
    rows = [
        [name, *(f"{figure:.3f}" for figure in (values.mean(), values.std(ddof=1), values.min(), values.max()))]
        for name, values in report.srcc.items()
    ]
    print_table(COLUMNS, rows, right=COLUMNS[1:], keep=("mean",))
    print_facts({"index": report.index.place, "images": str(report.images)}, as_json=False)
    note(
        f"'{name}' is a toy: its few tiles rank other photographs at random. Score yours with: quasar-index score "
        f"YOUR_PHOTOGRAPHS"
    )
