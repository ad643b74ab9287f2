"""Coverage-guided fuzzing of what reads strangers' bytes: labels, shards, arrays, manifests, filters, bundles,
images.

    pip install atheris
    python -m tests.torture.fuzz_parsers -max_total_time=600 [CORPUS_FOLDER]

Atheris traces the branches of this package, and libFuzzer keeps inputs that reach new ones. Any error but one of ours,
of one line, is a finding, and so is anything that takes longer than 25 s or more than 2 GiB (`-timeout=`,
`-rss_limit_mb=`). libFuzzer writes the input to a file `crash-...`; `python -m tests.torture.fuzz_parsers crash-...`
runs it again. The first byte of an input says what reads the rest. Outside the suite: atheris is no dependency.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["quasar_index"]):
    from quasar_index.datasets.arrow_images import read_arrow
    from quasar_index.datasets.embeddings import read_matrix
    from quasar_index.datasets.label_files import read_table
    from quasar_index.datasets.labelled import source_from_table
    from quasar_index.datasets.spec import Options, parse_spec
    from quasar_index.datasets.webdataset import load_webdataset
    from quasar_index.errors import QuasarError
    from quasar_index.fits import DAMAGED, check_entry
    from quasar_index.images import decode
    from quasar_index.index.filters import check_filter
    from quasar_index.index.manifest import Manifest
    from quasar_index.index.states import read_entries, read_tags
    from quasar_index.sharing.bundles import check_anchors, read_bundle
    from quasar_index.sharing.container import ANCHORS, SUMS, Container, write_container

from tests.torture.mutated_images import seeds

MAX_PIXELS = 250_000
FOLDER = Path(tempfile.mkdtemp(prefix="quasar-fuzz-"))


def labels(ending: str) -> Callable[[bytes], object]:
    """Return a reader of label files."""
    return lambda data: source_from_table(read_table(data, f"labels{ending}"), Options(), resolve=str, name="labels")


def on_disk(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Return a reader of bytes that reads them from a file."""

    def act(data: bytes) -> object:
        path = FOLDER / name
        path.write_bytes(data)
        return read(path)

    return act


def shard(path: Path) -> None:
    """Read all members of a tar file."""
    source = load_webdataset([str(path)], Options(), "a")
    for name in source.records["path"].to_pylist():
        source.read_bytes(name)


def kept(path: Path) -> None:
    """Read an entry beside the search cache; what is damaged is computed again."""
    try:
        check_entry(path)
    except DAMAGED:
        return


def history(data: bytes) -> None:
    """Read a manifest, then a history of which it is an entry, then tags."""
    text = data.decode("utf-8", errors="surrogateescape")
    (FOLDER / "manifest.json").write_bytes(data)
    (FOLDER / "tags.json").write_bytes(data)
    (FOLDER / "history").mkdir(exist_ok=True)
    entry = '{"action": "a", "time": "", "forgotten": false, "digests": {"a": "b"}, "manifest": ' + text + "}"
    (FOLDER / "history" / "00000001.json").write_text(entry, encoding="utf-8", errors="surrogateescape")
    with contextlib.suppress(QuasarError):
        read_tags(FOLDER)
    read_entries(FOLDER, Manifest.read(FOLDER))


def sheet(data: bytes) -> object:
    """Read a workbook whose sheet is any XML: a fuzzer finds no way into a zip file by itself."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.endswith("sheet1.xml") else old.read(name))
    return labels(".xlsx")(file.getvalue())


def workbook() -> bytes:
    """Return a small sound workbook."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (("image", "score"), ("a.png", 1), ("b.png", "2,5")):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


WORKBOOK = workbook()


def bundle(path: Path) -> None:
    """Read what a bundle says, and check its parts."""
    read_bundle(path)
    with Container(path) as container:
        container.check()


def anchors(data: bytes) -> None:
    """Read bytes as the anchors of a bundle whose other parts, and all checksums, are right."""
    path = FOLDER / "b.quasar"
    parts = BUNDLE | {ANCHORS: data}
    write_container(path, [(name, lambda sink, part=part: sink.write(part)) for name, part in parts.items()])
    with Container(path) as container:
        container.check()
        check_anchors(container, read_bundle(path))


READERS: dict[str, Callable[[bytes], object]] = {
    "image": lambda data: decode(data, max_pixels=MAX_PIXELS),
    "csv": labels(".csv"),
    "tsv": labels(".tsv"),
    "jsonl": labels(".jsonl"),
    "json": labels(".json"),
    "xlsx": labels(".xlsx"),
    "sheet": sheet,
    "parquet": labels(".parquet"),
    "arrow": on_disk("a.arrow", lambda path: read_arrow(str(path)).to_pylist()),
    "tar": on_disk("a.tar", shard),
    "npy": on_disk("a.npy", read_matrix),
    "npz": on_disk("a.npz", read_matrix),
    "kept.npy": on_disk("own-v1-kept.npy", kept),
    "kept.npz": on_disk("own-v1-kept.npz", kept),
    "manifest": history,
    "filter": lambda data: check_filter(data.decode("utf-8", errors="surrogateescape")),
    "bundle": on_disk("a.quasar", bundle),
    "anchors": anchors,
    "spec": lambda data: parse_spec(data.decode("utf-8", errors="surrogateescape")),
}
NAMES = tuple(READERS)
BUNDLE: dict[str, bytes] = {}
"""The parts of a sound bundle."""


def one_input(data: bytes) -> None:
    """Read an input; whatever is raised here is a finding."""
    if not data:
        return
    try:
        READERS[NAMES[data[0] % len(NAMES)]](data[1:])
    except QuasarError as error:
        if len(str(error).splitlines()) != 1:
            raise


def make_bundle() -> None:
    """Write a sound bundle, whose parts are then varied."""
    import quasar_index as qi

    index = qi.AnchorIndex.open(Path(__file__).parents[1] / "data" / "index-v2")
    qi.sharing.write_bundle(index, FOLDER / "seed.quasar")
    with zipfile.ZipFile(FOLDER / "seed.quasar") as archive:
        BUNDLE.update({name: archive.read(name) for name in archive.namelist() if name != SUMS})


def examples() -> dict[str, list[bytes]]:
    """Return sound inputs, by reader: what the fuzzer starts from."""
    table = pa.table({"image": ["a.png", "b.png"], "score": [1.0, 2.0], "split": ["x", None]})
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_stream(arrow, table.schema) as writer:
        writer.write_table(table)
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    npy, npz = io.BytesIO(), io.BytesIO()
    np.save(npy, matrix)
    np.savez(npz, embeddings=matrix, ids=np.array(["a", "b"]))
    manifest = (Path(__file__).parents[1] / "data" / "index-v1" / "manifest.json").read_bytes()
    lines = [{"image": "a.png", "score": 1}, {"image": "b.png", "score": 2}]
    return {
        "image": [encoded for encoded in seeds() if len(encoded) < 8192],
        "csv": [b"image,score\na.png,1\nb.png,2.5\n", b"image;score;rater\na;1;x\na;2;y\n"],
        "tsv": [b"image\tscore\na.png\t1\n"],
        "jsonl": ["\n".join(map(json.dumps, lines)).encode()],
        "json": [
            json.dumps(lines).encode(),
            json.dumps({"a.png": 1, "b.png": 2}).encode(),
            b'{"columns": ["image", "score"], "index": [0], "data": [["a.png", 1]]}',
            b'{"score": {"a.png": 1}, "n": {"a.png": 2}}',
        ],
        "xlsx": [WORKBOOK],
        "sheet": [zipfile.ZipFile(io.BytesIO(WORKBOOK)).read("xl/worksheets/sheet1.xml")],
        "parquet": [parquet.getvalue()],
        "arrow": [arrow.getvalue()],
        "npy": [npy.getvalue()],
        "npz": [npz.getvalue()],
        "kept.npy": [npy.getvalue() + b"\0SHA-256:" + bytes(32)],
        "kept.npz": [npz.getvalue()],
        "manifest": [manifest],
        "filter": [b"score > 3 AND dataset = 'own'", b"NOT (name LIKE '%a' OR score IN (1, 2))"],
        "bundle": [(FOLDER / "seed.quasar").read_bytes()],
        "anchors": [BUNDLE[ANCHORS]],
        "spec": [b"koniq10k:/data?split=test", b"labels.csv?name=own&score=mos"],
    }


def main() -> None:
    """Write the examples into the corpus, and fuzz."""
    logging.disable(logging.CRITICAL)
    make_bundle()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for name, contents in examples().items():
        for number, content in enumerate(contents):
            (corpus / f"{name}-{number}").write_bytes(bytes([NAMES.index(name)]) + content)
    given = sys.argv[1:]
    runs_files = any(Path(argument).is_file() for argument in given)
    defaults = ["-timeout=25", "-rss_limit_mb=2048", "-max_len=8192"]
    atheris.Setup([sys.argv[0], *defaults, *given, *([] if runs_files else [str(corpus)])], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
