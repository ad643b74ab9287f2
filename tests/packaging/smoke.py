"""Smoke test of an installed quasar-index, run by the Python of a fresh environment, in an empty folder.

    PYTHON -I smoke.py VERSION [--demo]

It needs nothing of the checkout. It exits with 1, and says what is wrong, where something is.
"""

import csv
import importlib.util
import io
import os
import subprocess
import sys
from importlib.metadata import distribution, requires
from pathlib import Path

HEAVY = ("torch", "faiss", "lancedb", "ray", "fsspec")


def command(*arguments: str) -> str:
    """Run the command beside this Python, and return what it printed."""
    program = Path(sys.executable).with_name("quasar-index")
    done = subprocess.run([str(program), *arguments], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"quasar-index {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def expect(is_so: bool, words: str) -> None:
    """Stop unless something is so."""
    if not is_so:
        raise SystemExit(f"smoke test: {words}")


def check_what_is_installed(version: str) -> None:
    """Check the package, its metadata and the names that it brings."""
    import quasar_index

    expect(Path(quasar_index.__file__).is_relative_to(sys.prefix), f"imported from {quasar_index.__file__}")
    expect(not [name for name in HEAVY if name in sys.modules], "import quasar_index loads what it should not")
    expect(quasar_index.__version__ == version, f"__version__ is {quasar_index.__version__}, not {version}")
    installed = distribution("quasar-index")
    tops = {str(file).partition("/")[0] for file in installed.files or ()}
    expect(
        {top for top in tops if not top.startswith(("..", "quasar_index-"))} == {"quasar_index"},
        f"top-level names: {sorted(tops)}",
    )
    for name in ("cli", "tests", "indexes"):
        expect(importlib.util.find_spec(name) is None, f"a top-level package {name} is there")
    licences = {Path(str(file)).name for file in installed.files or () if ".dist-info/licenses/" in str(file)}
    expect({"LICENSE", "NOTICE"} <= licences, f"licence files: {licences}")
    expect(bool(requires("quasar-index")), "no dependencies are declared")


def check_command(version: str) -> None:
    """Check that the command says its version, and lists its commands."""
    expect(command("--version") == f"quasar-index {version}\n", "--version says another one")
    shown = command("--help")
    expect("Score" in shown and "demo" in shown and "verify" in shown, "--help lists no commands")
    # Every command, with its options as they are declared: another Python or Typer may read them otherwise.
    from quasar_index.cli.commands import PANELS, load

    for name in (name for lines in PANELS.values() for name in lines):
        words = [word for one in load(name).params if one.param_type_name == "option" for word in one.opts]
        expect("--help-all" in words and not [word for word in words if word.endswith("-")], f"{name}: {words}")
    module = [sys.executable, "-I", "-m", "quasar_index.cli", "--version"]
    done = subprocess.run(module, capture_output=True, text=True, check=False)
    expect(done.stdout == f"quasar-index {version}\n", f"python -m quasar_index.cli: {done.stdout}{done.stderr}")


def check_scores() -> None:
    """Check that the starter index puts a photograph before a blurred copy, on the command line and from Python."""
    import skimage.data
    from PIL import Image, ImageFilter

    sharp = Image.fromarray(skimage.data.astronaut())
    sharp.save("sharp.png")
    sharp.filter(ImageFilter.GaussianBlur(4)).save("blurred.png")
    rows = list(csv.DictReader(io.StringIO(command("score", "blurred.png", "sharp.png", "--format", "csv"))))
    expect([Path(row["path"]).name for row in rows] == ["blurred.png", "sharp.png"], f"rows: {rows}")
    scores = [float(row["score"]) for row in rows]
    expect(scores[1] > scores[0], f"the blurred photograph scores {scores[0]}, the sharp one {scores[1]}")

    import quasar_index as qi

    scorer = qi.Scorer(qi.AnchorIndex.open("starter"), qi.Retrieval(), qi.load_encoder(device="cpu"))
    (row,) = scorer.score_files(["sharp.png"])
    expect(abs(row.score - scores[1]) < 1e-4, f"Python scores {row.score}, the command {scores[1]}")


def check_demo() -> None:
    """Check that the demonstration builds its index and compares methods."""
    shown = command("demo")
    expect("retrieval" in shown and (Path("indexes") / "demo" / "manifest.json").is_file(), f"demo: {shown}")


if __name__ == "__main__":
    os.environ.setdefault("QUASAR_INDEX_CACHE", str(Path("cache").absolute()))
    check_what_is_installed(sys.argv[1])
    check_command(sys.argv[1])
    check_scores()
    if "--demo" in sys.argv:
        check_demo()
    sys.stdout.write(f"smoke test passed on Python {sys.version.split()[0]}\n")
