"""How fast quasar-index is here, as ratios to peers and limits measured in the same run.

make bench ARGS="--quick"                   # or, from the root of the repository:
python -m tests.benchmarks.suite --quick
"""

from __future__ import annotations

import json as json_format
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from quasar_index.cli import options
from quasar_index.cli.output import check_output, interruptible, new_file, note, print_table, print_text
from quasar_index.cli.tables import Cell

import quasar_index as qi
from quasar_index.errors import QuasarError, counted
from quasar_index.images import list_images
from quasar_index.pictures import check_picture

from .figures import BENCH_FIGURES, BenchFigure, run_benchmarks
from .options import BenchOptions
from .picture import draw_benchmarks
from .timing import BenchRatio

COLUMNS = ("figure", "anchors", "median", "lowest", "highest", "bar", "verdict", "what")
QUICK: dict[str, Any] = {
    "anchors": (2000,),
    "n_queries": 64,
    "top_k": 16,
    "rounds": 3,
    "n_images": 32,
    "stream": (64, 256),
}


def print_list(value: bool) -> None:
    """List the figures and their bars, and stop."""
    if not value:
        return
    rows = [[figure.name, _bar(figure), figure.what] for figure in BENCH_FIGURES.values()]
    print_table(("figure", "bar", "what"), rows, keep=("bar", "what"))
    raise typer.Exit


def bench(
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", metavar="NAME", help="Figure to measure, repeatable; default: all. See --list."),
    ] = None,
    anchors: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...", help="Sizes of the synthetic indexes; default: 29k,255k,840k.", rich_help_panel="Work"
        ),
    ] = None,
    dim: Annotated[int, typer.Option(min=2, help="Dimension of the embeddings.", rich_help_panel="Work")] = 768,
    queries: Annotated[
        int | None, typer.Option(min=1, help="Queries of adaptive scoring; default: 1024.", rich_help_panel="Work")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(min=1, help="Neighbours a side; default: 256.", rich_help_panel="Work")
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, help="How often both sides of a ratio are timed; default: 5.", rich_help_panel="Work"),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Images of the encoding figures; default: made of photographs that come with scikit-image.",
            rich_help_panel="Work",
        ),
    ] = None,
    n_images: Annotated[
        int | None, typer.Option(min=1, help="How many images; default: 256.", rich_help_panel="Work")
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option(metavar="N,N", help="Images of memory-stream; default: 1000,10000.", rich_help_panel="Work"),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where synthetic indexes and images are made and kept for the next time; default: thrown away.",
            rich_help_panel="Work",
        ),
    ] = None,
    encoder: Annotated[
        str, typer.Option("--encoder", "-e", help="See 'quasar-index encoders'.", rich_help_panel="Encoder")
    ] = "efficientnet-lite0",
    precision: options.Precision = options.PrecisionChoice.auto,
    quick: Annotated[bool, typer.Option("--quick", help="Tiny sizes: to see that it runs, not how fast.")] = False,
    growth: Annotated[
        bool | None,
        typer.Option("--growth/--no-growth", help="Also curves of time and memory; default: with all figures."),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", callback=print_list, is_eager=True, help="List the figures and their bars.")
    ] = False,
    json: options.Json = False,
    output: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write the JSON there, too.")] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: .png or .svg.")] = None,
) -> None:
    """Measure speed and memory on this machine.

    Each figure is a ratio: two ways of doing the same work are timed in turns, so other work on the machine slows both.
    The median, the lowest and the highest round are printed. All figures take an hour and 10 GB of disk; see --figure
    and --quick.
    """
    if picture is not None:
        check_picture(picture)
    if output is not None:
        check_output("--output", str(output))
    qi.encoders.check_encoder(encoder)
    given: dict[str, Any] = {
        "anchors": None if anchors is None else _counts(anchors, "--anchors"),
        "n_queries": queries,
        "top_k": top_k,
        "rounds": rounds,
        "n_images": n_images,
        "stream": None if stream is None else _counts(stream, "--stream"),
    }
    if given["stream"] is not None and len(given["stream"]) != 2:
        raise typer.BadParameter("--stream takes two numbers")
    chosen: dict[str, Any] = (QUICK if quick else {}) | {
        name: value for name, value in given.items() if value is not None
    }
    if images is not None:
        chosen["images"] = tuple(map(str, list_images(images)))
    with TemporaryDirectory(prefix="quasar-index-bench-") as folder, interruptible("run it again"):
        report = run_benchmarks(
            BenchOptions(folder=work or Path(folder), dim=dim, encoder=encoder, precision=precision.value, **chosen),
            figure,
            with_growth=not figure if growth is None else growth,
            on_figure=lambda name, n: note(
                f"measuring {name}" + (f" with {counted(n, 'anchor', form=',')}" if n else "")
            ),
        )
    if quick:
        report = replace(report, ratios=tuple(replace(ratio, bar=None) for ratio in report.ratios))
    if picture is not None:
        draw_benchmarks(report, picture)
    text = json_format.dumps(_finite(report.to_dict()), indent=2)
    if output is not None:
        with new_file(str(output)) as path:
            path.write_text(text + "\n", encoding="utf-8")
    if json:
        typer.echo(text)
        return
    machine = report.machine
    print_text(f"{machine['cpu']}, {machine['usable_cores']} cores, {machine['memory_bytes'] / 1e9:.0f} GB")
    print_table(
        COLUMNS, [_row(ratio) for ratio in report.ratios], right=COLUMNS[1:6], keep=("median",), least=("what",)
    )


def _row(ratio: BenchRatio) -> list[Cell]:
    numbers = [f"{value:.3g}" for value in (ratio.median, ratio.low, ratio.high)]
    verdicts: dict[bool | None, Cell] = {None: "", True: ("met", "green"), False: ("missed", "red")}
    met = verdicts[ratio.is_met]
    what = ratio.detail.get("selector") or BENCH_FIGURES[ratio.figure].what
    return [ratio.figure, f"{ratio.anchors:,}" if ratio.anchors else "", *numbers, _bar(ratio), met, str(what)]


def _bar(of: BenchFigure | BenchRatio) -> str:
    return "" if of.bar is None else f"{'>=' if of.at_least else '<='} {of.bar:g}"


def _counts(text: str, option: str) -> tuple[int, ...]:
    """Read `29k,255k` or `1000,10000`."""
    units = {"k": 1000, "m": 1_000_000}
    try:
        parts = [part.strip().lower() for part in text.split(",")]
        return tuple(int(part[:-1]) * units[part[-1]] if part[-1:] in units else int(part) for part in parts)
    except ValueError:
        raise typer.BadParameter(f"{option} {text} is no list of numbers such as 29k,255k") from None


def _finite(value: Any) -> Any:
    """Replace NaN, which JSON has not, by None."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and value != value else value


def main() -> None:
    """Run the command; an error becomes one line and its exit code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    try:
        app(prog_name="python -m tests.benchmarks.suite")
    except QuasarError as error:
        note(f"error: {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
