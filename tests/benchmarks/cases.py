"""What the product does with files and tables as people have them: every case, before and after.

    python -m tests.benchmarks.cases --cases DIR --rated ratings.csv --work FOLDER [--save FILE] [--before FILE]

DIR holds small inputs: thumbnail_tiff/, phone_folder/, float_tiff/, icc/, labels/. `ratings.csv` has the columns image
and quality. Each case is run through the commands or the Python API and prints what a person sees: the result, or the
line that says why there is none. `--save` keeps the answers; `--before` prints those that another version has saved
beside the new ones:

    cd old-checkout && python NEW/tests/benchmarks/cases.py ... --save /tmp/before.json
    python -m tests.benchmarks.cases ... --before /tmp/before.json
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SECONDS = 120
CASES: dict[str, Callable[[Bench], str]] = {}

HIDDEN = "import sys; sys.modules['pillow_heif'] = sys.modules['pillow_jxl'] = sys.modules['rawpy'] = None\n"
"""Code that makes the plugins as good as not installed."""


class Bench:
    """The inputs, a folder to work in, and an index to score with."""

    def __init__(self, cases: Path, rated: Path, work: Path) -> None:
        self.cases, self.rated, self.work = cases, rated, work
        self.images = rated.parent / "images"
        self.index = work / "index"
        self.environment = os.environ | {
            "QUASAR_INDEX_CACHE": str(work / "cache"),
            "QUASAR_INDEX_HOME": str(work / "home"),
            "COLUMNS": "200",
        }
        if not self.index.exists():
            answer = self.run("build", self.index, "--data", f"{rated}?score=quality")
            if not self.index.exists():
                raise SystemExit(answer)

    def folder(self, name: str) -> Path:
        """Make an empty folder to work in."""
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def run(self, *words: object, code: str = "") -> str:
        """Run a command of quasar-index; return what it says on stderr, last lines, and its exit code."""
        done = self._python(f"{code}from quasar_index.cli.main import run; run()", *words)
        return _tail(done)

    def _python(self, code: str, *words: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", f"import sys; sys.argv[0] = 'quasar-index'\n{code}", *map(str, words)]
        try:
            return subprocess.run(
                line, capture_output=True, text=True, timeout=SECONDS, env=self.environment, check=False
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(line, 124, "", f"hangs: stopped after {SECONDS} s")

    def python(self, code: str) -> str:
        """Run a piece of Python, with `qi`, `index`, `encoder`, `scorer` and `photo` at hand; return what it prints."""
        head = f"""
            import numpy as np, quasar_index as qi
            from PIL import Image
            index = qi.AnchorIndex.open({str(self.index)!r})
            encoder = qi.load_encoder(precision="fp32")  # PyTorch
            scorer = qi.Scorer(index, qi.Mean(), encoder)
            photo = {str(self.images / "craiyon_p01.png")!r}
        """
        done = self._python(textwrap.dedent(head) + textwrap.dedent(code))
        return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else _tail(done)

    def score(self, *paths: object, code: str = "", options: tuple[object, ...] = ()) -> str:
        """Score files; return name and score or error of each, and what stderr says of others."""
        words = ("score", "-i", self.index, "--no-cache", "--format", "csv", *options, *paths)
        done = self._python(f"{code}from quasar_index.cli.main import run; run()", *words)
        if not done.stdout.strip():
            return _tail(done)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        shown = [f"{Path(row['path']).name} {_short(row)}" for row in rows[:12]]
        said = [line for line in done.stderr.splitlines() if re.search(r"left out|skipped|not follow|exclud", line)]
        return "; ".join(shown) + (f" | {' '.join(said)}" if said else "")

    def built(self, *sources: object, options: tuple[object, ...] = ()) -> str:
        """Build an index of sources; return what is said, and how many anchors are good."""
        place = self.work / "built"
        shutil.rmtree(place, ignore_errors=True)
        data = [word for source in sources for word in ("--data", source)]
        answer = self.run("build", place, *data, *options)
        if not place.exists():
            return answer
        code = (
            "import quasar_index as qi, sys; i = qi.AnchorIndex.open(sys.argv[1]); a = i.anchors(); "
            "print(len(a), 'anchors,', int(a.is_good.sum()), 'good')"
        )
        done = self._python(code, place)
        return f"{done.stdout.strip() or _tail(done)} | {answer}"

    def checked(self, *sources: object) -> str:
        """Check sources; return the findings that are not ok."""
        data = [word for source in sources for word in ("--data", source)]
        done = self._python("from quasar_index.cli.main import run; run()", "check", *data, "--json")
        try:
            findings = json.loads(done.stdout)["findings"]
        except (ValueError, KeyError):
            return _tail(done)
        return "; ".join(f"{f['severity']}: {f['message']}" for f in findings if f["severity"] != "ok") or "nothing"


def _short(row: dict[str, str]) -> str:
    return f"{float(row['score']):.6f}".rstrip("0") if row.get("score") else row.get("error", "?")


def _tail(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith("  ")]
    return f"[exit {done.returncode}] " + " / ".join(lines[-3:])[-600:]


def case(function: Callable[[Bench], str]) -> Callable[[Bench], str]:
    """Register a case under its name."""
    CASES[function.__name__] = function
    return function


@case
def thumbnail_tiff(bench: Bench) -> str:
    """The first page of photo.DNG is a preview; full.tif is what it holds."""
    return bench.score(*(bench.cases / "thumbnail_tiff" / name for name in ("photo.DNG", "full.tif", "thumb.tif")))


@case
def phone_folder(bench: Bench) -> str:
    """Nine files, six of which can be decoded."""
    return bench.score(bench.cases / "phone_folder")


@case
def phone_folder_without_plugins(bench: Bench) -> str:
    """The same, as after `pip install quasar-index`."""
    return bench.score(bench.cases / "phone_folder", code=HIDDEN)


@case
def heic_and_jxl(bench: Bench) -> str:
    """One picture as PNG, HEIC, JPEG XL and AVIF, without loss or nearly so."""
    folder = bench.folder("new_formats")
    code = (
        "import sys; from PIL import Image; import pillow_heif, pillow_jxl; pillow_heif.register_heif_opener()\n"
        "image = Image.open(sys.argv[1]).convert('RGB')\n"
        "image.save(f'{sys.argv[2]}/a.png')\n"
        "image.save(f'{sys.argv[2]}/a.jxl', lossless=True)\n"
        "image.save(f'{sys.argv[2]}/a.avif', quality=100, subsampling='4:4:4')\n"
        "image.save(f'{sys.argv[2]}/a.heic', quality=-1, chroma=444, matrix_coefficients=0)"
    )
    bench._python(code, bench.images / "craiyon_p01.png", folder)
    files = sorted(folder.iterdir())
    return f"{bench.score(*files)} || without the plugins: {bench.score(*files, code=HIDDEN)}"


@case
def float_tiff(bench: Bench) -> str:
    """One picture as 8-bit PNG, as float 0..1, with one pixel of 1.0001, as 0..65535, and as two integer kinds."""
    folder = bench.folder("deep")
    grey = np.asarray(Image.open(bench.cases / "float_tiff" / "grey8.png"))
    Image.fromarray(grey.astype(np.int32)).save(folder / "int32.tif")
    Image.fromarray(grey.astype(np.uint16) << 4).save(folder / "12_in_16.tif")
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "uint16.tif")
    files = sorted((bench.cases / "float_tiff").iterdir()) + sorted(folder.iterdir())
    return bench.score(*files)


@case
def colour_profile(bench: Bench) -> str:
    """Adobe RGB beside the same picture in sRGB."""
    return bench.score(*sorted((bench.cases / "icc").iterdir()))


@case
def column_types(bench: Bench) -> str:
    """A column `year` of numbers, empty, and of words, in one build."""
    numbers, empty, words = (bench.cases / "labels" / f"year_{name}.csv" for name in ("numbers", "empty", "words"))
    return (
        f"empty: {bench.built(numbers, empty)} || words: {bench.built(numbers, words)} || "
        f"check: {bench.checked(numbers, words)}"
    )


@case
def thousands(bench: Bench) -> str:
    """Votes such as 1,050 in a file with semicolons."""
    file = f"{bench.cases}/labels/thousands.csv?score=votes"
    return f"{bench.built(file)} || check: {bench.checked(file)} || ?thousands=,: {bench.built(f'{file}&thousands=,')}"


@case
def decimal_commas(bench: Bench) -> str:
    """Scores such as 1,5 in a file with tabs."""
    file = bench.cases / "labels" / "decimal_commas.tsv"
    text = file.read_text()
    (bench.folder("decimal") / "utf16.tsv").write_bytes(
        text.replace("../../real/rated/images", str(bench.images)).encode("utf-16")
    )
    utf16 = bench.work / "decimal" / "utf16.tsv"
    return (
        f"{bench.built(file)} || check: {bench.checked(file)} || ?decimal=,: {bench.built(f'{file}?decimal=,')} || "
        f"UTF-16: {bench.built(f'{utf16}?decimal=,')}"
    )


@case
def one_missing(bench: Bench) -> str:
    """One score is NaN."""
    file = bench.cases / "labels" / "one_missing.csv"
    return f"{bench.built(file)} || check: {bench.checked(file)} || drop: {bench.built(f'{file}?missing=drop')}"


@case
def likes(bench: Bench) -> str:
    """Zeros and ones; and stars, of which most are the same."""
    file = bench.cases / "labels" / "likes.csv"
    rows = list(csv.reader(file.open()))
    stars = bench.folder("stars") / "stars.csv"
    lines = [f"{bench.images / Path(name).name},{5 if i % 3 == 0 else 3}" for i, (name, _) in enumerate(rows[1:])]
    lines[-1] = lines[-1][:-1] + "1"
    stars.write_text("image,score\n" + "\n".join(lines) + "\n")
    return (
        f"{bench.built(file)} || stars: {bench.built(stars)} || check: {bench.checked(stars)} || "
        f"?threshold=4: {bench.built(f'{stars}?threshold=4')} || --threshold 4: "
        f"{bench.built(stars, options=('--threshold', 4))}"
    )


@case
def reserved_columns(bench: Bench) -> str:
    """`level` in words; `side` as left and right."""
    file = bench.cases / "labels" / "level_words.csv"
    side = bench.folder("side") / "side.csv"
    names = sorted(bench.images.iterdir())[:8]
    side.write_text(
        "image,score,side\n" + "".join(f"{p},{i},{['left', 'right'][i % 2]}\n" for i, p in enumerate(names))
    )
    return (
        f"level: {bench.built(file)} || side: {bench.built(side)} || check: {bench.checked(file, side)} || "
        f"?ignore=level: {bench.built(f'{file}?ignore=level')}"
    )


@case
def two_spellings(bench: Bench) -> str:
    """One file under two spellings with two scores."""
    file = bench.cases / "labels" / "two_spellings.csv"
    return f"{bench.built(file)} || check: {bench.checked(file)}"


@case
def unicode_forms(bench: Bench) -> str:
    """Names in NFC in the table, files in NFD."""
    folder = bench.folder("unicode")
    lines = []
    for i, path in enumerate(sorted(bench.images.iterdir())[:6]):
        shutil.copy(path, folder / unicodedata.normalize("NFD", f"caf\u00e9 {i}.png"))
        lines.append(unicodedata.normalize("NFC", f"caf\u00e9 {i}.png") + f",{i}\n")
    (folder / "labels.csv").write_text("image,score\n" + "".join(lines), encoding="utf-8")
    return f"{bench.built(folder / 'labels.csv')} || check: {bench.checked(folder / 'labels.csv')}"


@case
def shards(bench: Bench) -> str:
    """Samples of two images; and names with dots."""
    folder = bench.folder("shards")
    names = sorted(bench.images.iterdir())[:6]
    with tarfile.open(folder / "two.tar", "w") as two, tarfile.open(folder / "dots.tar", "w") as dots:
        for i, path in enumerate(names):
            for archive, members in ((two, (f"{i}.left.png", f"{i}.right.png")), (dots, (f"photo.v{i}.png",))):
                for member in members:
                    archive.add(path, member)
            for archive, member in ((two, f"{i}.json"), (dots, f"photo.v{i}.json")):
                content = json.dumps({"score": i}).encode()
                info = tarfile.TarInfo(member)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return (
        f"two: {bench.built(folder / 'two.tar')} || check: {bench.checked(folder / 'two.tar')} || "
        f"?ending=left.png: {bench.built(f'{folder}/two.tar?ending=left.png')} || "
        f"dots: {bench.built(folder / 'dots.tar')}"
    )


@case
def arrays_in_memory(bench: Bench) -> str:
    """One picture as a file, as arrays of several types, and as Pillow images."""
    return bench.python("""
        import torch
        def score(what):
            try:
                return f"{float(scorer.score_images([what]).score[0]):.6f}"
            except Exception as error:
                return f"{type(error).__name__}: {str(error)[:140]}"
        image = Image.open(photo).convert("RGB")
        pixels = np.asarray(image)
        grey = image.convert("L")
        given = {
            "file": pixels, "PIL": image, "float 0..1": pixels / 255, "uint16": pixels.astype(np.uint16) * 257,
            "grey PIL": grey, "grey array": np.asarray(grey), "RGBA": np.asarray(image.convert("RGBA")),
            "CHW": pixels.transpose(2, 0, 1), "tensor CHW": torch.tensor(pixels.transpose(2, 0, 1) / 255.0),
            "path": photo,
        }
        for name, what in given.items():
            print(f"{name}: {score(what)};", end=" ")
    """)


@case
def forked_child(bench: Bench) -> str:
    """A child made by fork scores after the parent has searched."""
    return bench.python("""
        import multiprocessing
        retrieval = qi.Scorer(index, qi.Retrieval(), encoder)
        first = list(retrieval.score_files([photo]))[0]
        def work(queue):
            try:
                queue.put(f"{list(retrieval.score_files([photo]))[0].score:.6f}")
            except Exception as error:
                queue.put(f"{type(error).__name__}: {error}")
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        child = context.Process(target=work, args=(queue,), daemon=True)
        child.start()
        try:
            print(f"parent {first.score:.6f}, child {queue.get(timeout=40)}")
        except Exception:
            print("the child hangs: nothing after 40 s", flush=True)
            child.kill()
            import os; os._exit(0)
    """)


@case
def pickled_scorer(bench: Bench) -> str:
    """A scorer goes through pickle."""
    return bench.python("""
        import pickle
        try:
            again = pickle.loads(pickle.dumps(scorer))
            a, b = list(scorer.score_files([photo]))[0].score, list(again.score_files([photo]))[0].score
            print("equal" if a == b else f"{a} != {b}")
        except Exception as error:
            print(type(error).__name__, error)
    """)


@case
def equal_files(bench: Bench) -> str:
    """19 copies of one file in one run."""
    folder = bench.folder("copies")
    for i in range(19):
        shutil.copy(bench.images / "craiyon_p01.png", folder / f"{i:02}.png")
    for i, path in enumerate(sorted(bench.images.iterdir())[1:8]):
        shutil.copy(path, folder / f"{i:02}_other.png")
    return bench.python(f"""
        from pathlib import Path
        rows = list(scorer.score_files(sorted(Path({str(folder)!r}).iterdir())))
        scores = {{row.score for row in rows if "other" not in str(row.path)}}
        print(len(scores), "different scores of 19 copies, apart", max(scores) - min(scores))
    """)


@case
def plain_mistakes(bench: Bench) -> str:
    """Paths as pathlib has them, and mistakes, in the Python API."""
    return bench.python("""
        from pathlib import Path
        def attempt(call):
            try:
                return f"ok ({type(call()).__name__})"
            except Exception as error:
                return f"{type(error).__name__}: {str(error)[:110]}"
        calls = {
            "load_source(Path)": lambda: qi.load_source(Path("/nowhere/x.csv")),
            "score_files(Path)": lambda: list(scorer.score_files([Path(photo)])),
            "score_files(one)": lambda: list(scorer.score_files(photo)),
            "open(3)": lambda: qi.AnchorIndex.open(3),
            "open(None)": lambda: qi.AnchorIndex.open(None),
            "Scorer(name)": lambda: qi.Scorer("photos"),
            "Scorer(method=str)": lambda: qi.Scorer(index, "mean", encoder),
            "add(source)": lambda: index.add("photos"),
            "NaN sides": lambda: qi.make_anchors(np.eye(4), is_good=[1.0, np.nan, 0.0, 0.0]),
            "double ids": lambda: qi.make_anchors(np.eye(4), is_good=[1, 1, 0, 0], ids=["a", "a", "b", "c"]),
            "read_method(3)": lambda: qi.read_method(3),
        }
        for name, call in calls.items():
            print(f"{name}: {attempt(call)};", end=" ")
    """)


@case
def linked_and_thumbnail_folders(bench: Bench) -> str:
    """A folder with a linked folder, and with thumbnails that a NAS and a desktop have made."""
    folder = bench.folder("linked")
    elsewhere = bench.folder("elsewhere")
    photo = bench.images / "craiyon_p01.png"
    for place in (
        folder / "own.png",
        elsewhere / "linked.png",
        folder / "@eaDir" / "own.png" / "SYNOPHOTO_THUMB_M.jpg",
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.open(photo).convert("RGB").save(place)
    (folder / ".thumbnails").mkdir()
    shutil.copy(photo, folder / ".thumbnails" / "x.png")
    (folder / "to_elsewhere").symlink_to(elsewhere, target_is_directory=True)
    return f"{bench.score(folder)} || --exclude own.png: {bench.score(folder, options=('--exclude', 'own.png'))}"


@case
def raters(bench: Bench) -> str:
    """A rater who answers upside down; and a table with a column a rater."""
    folder = bench.folder("raters")
    names = sorted(bench.images.iterdir())[:20]
    random = np.random.default_rng(0)
    truth = random.uniform(1, 5, len(names))
    answers = {f"r{k}": np.clip(np.rint(truth + random.normal(0, 0.5, len(names))), 1, 5) for k in range(1, 7)}
    answers["r6"] = 6 - answers["r6"]
    long, wide = folder / "long.csv", folder / "wide.csv"
    long.write_text(
        "image,rater,score\n" + "".join(f"{p},{r},{a[i]:g}\n" for r, a in answers.items() for i, p in enumerate(names))
    )
    wide.write_text(
        f"image,{','.join(answers)}\n"
        + "".join(f"{p},{','.join(f'{a[i]:g}' for a in answers.values())}\n" for i, p in enumerate(names))
    )
    return (
        f"check: {bench.checked(long)} || wide: {bench.built(wide)} || "
        f"?raters=r*: {bench.built(f'{wide}?raters=r*')} || "
        f"check wide: {bench.checked(f'{wide}?raters=r*')}"
    )


def main() -> None:
    """Run the cases and print them."""
    parser = argparse.ArgumentParser(description="every case, before and after")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--rated", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    bench = Bench(given.cases.resolve(), given.rated.resolve(), given.work)
    before = json.loads(given.before.read_text()) if given.before else {}
    answers = {}
    for name, function in CASES.items():
        if given.only and name not in given.only:
            continue
        answers[name] = function(bench).replace(str(given.work), "W").replace(str(bench.cases), "C")
        answers[name] = answers[name].replace(str(bench.images), "I")
        print(f"\n{name}: {function.__doc__}")
        if name in before:
            print(textwrap.fill(before[name], 110, initial_indent="  before: ", subsequent_indent="          "))
        print(
            textwrap.fill(answers[name], 110, initial_indent="  now:    ", subsequent_indent="          "), flush=True
        )
    if given.save:
        given.save.write_text(json.dumps(answers, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
