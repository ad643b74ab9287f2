"""Every public name takes paths as text and as path objects; files appear whole or not at all."""

import dataclasses
import inspect
import os
import shutil
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.datasets.base import make_records
from quasar_index.paths import new_output, replacing, write_atomically
from tests.hub import serving
from tests.published import write_published, zip_published
from tests.unit.conftest import png, public_names
from tests.unit.line_task import Line

N = 24
RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(N, 6)).astype(np.float32)
SCORES = np.arange(float(N))


class OwnPath:
    """A path of another library."""

    def __init__(self, text):
        self.text = text

    def __fspath__(self):
        return self.text


def source():
    records = make_records({"path": [f"{i}.png" for i in range(N)], "score": SCORES, "content": list("abcdef") * 4}, N)
    return qi.AnchorSource("own", records, "no-reference", "median")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with an index, embeddings and images."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("QUASAR_INDEX_HOME", ".")
        make()
    return place


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy of it to work in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUASAR_INDEX_HOME", ".")
    return tmp_path


def make():
    for name in ("index", "other"):
        qi.build_from_embeddings(name, source(), MATRIX)
    qi.AnchorIndex.open("index").export("all.parquet")
    np.save("all.npy", MATRIX)
    Path("all.csv").write_text("image,score\n" + "".join(f"{i}.png,{i}\n" for i in range(N)), encoding="utf-8")
    qi.AnchorIndex.open("index").export("author.pt")
    zipped = zip_published(write_published(Path("published"), "ava", N, dim=6), Path("ava.zip"))
    fsspec.filesystem("memory").pipe("/pulled/ava.zip", zipped.read_bytes())
    Path("images").mkdir()
    for i in range(4):
        Path("images", f"{i}.png").write_bytes(png(i))
    Path("plan.toml").write_text(
        'index = "index"\ncross-validate = "content"\nselectors = ["herding"]\nsizes = [0.5, 1]\n', encoding="utf-8"
    )
    Path("data").mkdir()
    lines = [f"images/{i}.png,{i}" for i in range(4)]
    Path("rated.csv").write_text("\n".join(["image,score", *lines]), encoding="utf-8")


def opened():
    return qi.AnchorIndex.open("index")


def bundled(p):
    qi.sharing.write_bundle(opened(), "all.quasar")
    return p("all.quasar")


def fetched(p):
    with serving() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.url)
        hub.repos["me/own"] = {"own.quasar": b"x"}
        assert qi.sharing.fetch_from_hub("hf://me/own", p("got")).samefile("got/own.quasar")


def found_precomputed(make, path):
    """Make what needs the encoder of an index, of one that has none: it was found."""
    pytest.importorskip("torchmetrics")
    with pytest.raises(qi.AnchorIndexError, match="the index holds precomputed embeddings"):
        make(path)


def small_sweep():
    return qi.sweep.Sweep("size", (0.5, 1), selectors=qi.sweep.make_selectors(["random"]), n_seeds=2, n_resamples=40)


def bench():
    return qi.sweep.anchors_bench(opened(), "content")


def evaluation():
    return qi.cross_validate([qi.Mean()], MATRIX, SCORES, list("abcdef") * 4, n_resamples=40)


def two_methods():
    return qi.cross_validate([qi.Mean(), qi.Knn(3)], MATRIX, SCORES, list("abcdef") * 4, n_resamples=40)


def reproduction():
    protocol = qi.reproduction.find_protocol("FIG4")
    measured = qi.reproduction.Measurement(0.5, 0.4, 0.6, None, 9, 9)
    results = tuple(
        qi.reproduction.ExperimentResult(one, "ran", measured) for one in qi.reproduction.select_experiments(protocol)
    )
    return qi.reproduction.Reproduction(protocol, results, (), "")


def page():
    return qi.Report(qi.Mean().fit(opened().anchors()))


def draw_map(path):
    anchors = opened().anchors()
    qi.maps.draw_map(qi.maps.project_anchors(anchors), path, index=opened(), anchors=anchors)


def picture(draw, of):
    """Return what draws one of a report, into PNG and SVG."""

    def both(p):
        for ending in ("png", "svg"):
            draw(of(), p(f"out.{ending}"))
            assert Path(f"out.{ending}").stat().st_size > 1000

    return both


def is_written(path, write):
    write(path)
    assert Path(path).stat().st_size


def image_list() -> str:
    pq.write_table(pa.table({"path": ["images/0.png"]}), "list.parquet")
    return "list.parquet"


SPEC = qi.EncoderSpec("precomputed", 6)
ENTRIES = {
    "Scorer.score_files": lambda p, encoder: [
        row.path for row in qi.Scorer(qi.make_anchors(np.eye(4, 12), is_good=[1, 1, 0, 0]), qi.Mean(space="raw"),
                                      encoder).score_files([p("images/0.png")]) if row.error
    ] == [] or pytest.fail("it cannot be read"),
    "AnchorIndex.open": lambda p: len(qi.AnchorIndex.open(p("index"))),
    "AnchorIndex.__init__": lambda p: len(qi.AnchorIndex(p("index"), opened().manifest).anchors()),
    "AnchorIndex.export": lambda p: is_written(p("out.npz"), opened().export),
    "metric": lambda p: found_precomputed(qi.metric, p("index")),
    "MeanScore.__init__": lambda p: found_precomputed(qi.frameworks.MeanScore, p("index")),
    "Manifest.read": lambda p: qi.Manifest.read(p("index")),
    "Manifest.write": lambda p: opened().manifest.write(p("index")),
    "Manifest.from_dict": lambda p: qi.Manifest.from_dict(opened().manifest.to_dict(), p("index")),
    "Explorer.__init__": lambda p, encoder: qi.explorer.Explorer(
        qi.Scorer(qi.make_anchors(np.eye(4, 12), is_good=[1, 1, 0, 0]), qi.Mean(space="raw"), encoder),
        opened(), [p("images/0.png")], folders=[p("images")], exports_to=p("new"),
    ),
    "ImageList.__init__": lambda p: len(qi.datasets.ImageList(p(image_list()))),
    "find_long_list": lambda p: qi.datasets.find_long_list(p(image_list())),
    "score_to_folder": lambda p, encoder: qi.methods.score_to_folder(
        p("scores"), [p("images/0.png")],
        qi.Scorer(qi.make_anchors(np.eye(4, 12), is_good=[1, 1, 0, 0]), qi.Mean(space="raw"), encoder),
    ),
    "EmbeddingCache.__init__": lambda p: qi.EmbeddingCache(p("cache")),
    "Report.write": lambda p: is_written(p("out.html"), page().write),
    "LazyEncoder.__init__": lambda p: _refused(
        lambda: qi.encoders.LazyEncoder(
            qi.EncoderSpec(qi.DEFAULT_ENCODER, 6, input=qi.encoders.InputRule("none")), weights=p("all.npy")
        )
    ),
    "build_from_embeddings": lambda p: qi.build_from_embeddings(p("new/one"), source(), MATRIX),
    "build_index": lambda p, encoder: qi.build_index(p("new/one"), [qi.load_source("rated.csv")], encoder),
    "build_published": lambda p: qi.index.build_published(p("new/one"), qi.datasets.read_published("published/ava")),
    "build_taste": lambda p: qi.taste.build_taste(p("new/one"), [p("a.png"), p("b.png")], np.eye(2, 6), [1, 2]),
    "source_of_taste": lambda p: qi.taste.source_of_taste([p("a.png"), p("b.png")], [1, 2]),
    "check_build": lambda p: qi.index.check_build(p("new/one"), [source()], overwrite=False),
    "check_encoder": lambda p: qi.encoders.check_encoder(qi.DEFAULT_ENCODER, weights=p("all.npy")),
    "check_map": lambda p: qi.maps.check_map(p("out.html")),
    "check_picture": lambda p: qi.pictures.check_picture(p("out.png")),
    "check_recorded_encoder": lambda p: qi.encoders.check_recorded_encoder(
        qi.EncoderSpec(qi.DEFAULT_ENCODER, 6), weights=p("all.npy")
    ),
    "check_target": lambda p: qi.picking.check_target(p("new/one"), [p("images")]),
    "place_files": lambda p: qi.picking.place_files([p("images/0.png")], p("new/one")),
    "taken_at": lambda p: qi.picking.taken_at(p("images/0.png")),
    "draw_evaluation": picture(qi.draw_evaluation, evaluation),
    "draw_few_labels": picture(
        qi.validation.draw_few_labels,
        lambda: qi.validation.few_labels([qi.Mean()], MATRIX, SCORES, (8,), n_seeds=2),
    ),
    "draw_sheet": picture(qi.validation.draw_sheet, two_methods),
    "draw_map": lambda p: [is_written(p(f"out.{ending}"), draw_map) for ending in ("html", "png", "svg")],
    "draw_reproduction": picture(qi.reproduction.draw_reproduction, reproduction),
    "draw_sweep": picture(qi.sweep.draw_sweep, lambda: qi.sweep.run_sweep(small_sweep(), bench())),
    "find_published_files": lambda p: qi.datasets.find_published_files(p("published")),
    "list_images": lambda p: qi.list_images(p("images")),
    "load_embeddings": lambda p: qi.load_embeddings(p("all.npy"), p("all.csv")),
    "load_encoder": lambda p: _refused(lambda: qi.load_encoder(weights=p("all.npy"))),
    "load_images": lambda p: qi.datasets.load_images(p("images")),
    "load_recorded_encoder": lambda p: _refused(
        lambda: qi.load_recorded_encoder(qi.EncoderSpec(qi.DEFAULT_ENCODER, 6), weights=p("all.npy"))
    ),
    "choose_pristine_patches": lambda p: qi.datasets.choose_pristine_patches(
        [p("images/0.png")], qi.images.PatchRule(size=8)
    ),
    "ready_patches": lambda p: qi.datasets.ready_patches([p("images/0.png")]),
    "load_source": lambda p: qi.load_source(p("all.csv"), root=p("images")),
    "collect_source": lambda p: qi.datasets.collect_source(p("all.csv")),
    "read_sources": lambda p: qi.checks.read_sources([p("all.csv")]),
    "fetch_from_hub": fetched,
    "install_bundle": lambda p: qi.sharing.install_bundle(bundled(p), p("new/one")),
    "push": lambda p: is_written(p("out.quasar"), lambda path: qi.sharing.push(opened(), path)),
    "read_bundle": lambda p: qi.sharing.read_bundle(bundled(p)),
    "write_bundle": lambda p: is_written(p("out.quasar"), lambda path: qi.sharing.write_bundle(opened(), path)),
    "write_terms": lambda p: qi.index.write_terms(p("index"), [qi.index.Terms("own", "CC0-1.0")]),
    "merge": lambda p: qi.merge(p("new/one"), [opened(), qi.AnchorIndex.open("other")]),
    "read_author_embeddings": lambda p: qi.datasets.read_author_embeddings(
        p("author.pt"), p("author.json"), p("author-labels.json")
    ),
    "read_embedded_images": lambda p: qi.index.read_embedded_images(p("all.parquet")),
    "read_published": lambda p: qi.datasets.read_published(p("published/ava")),
    "read_export": lambda p: qi.read_export(p("all.parquet")),
    "read_image_bytes": lambda p: qi.images.read_image_bytes(p("images/0.png")),
    "read_plan": lambda p: qi.sweep.read_plan(p("plan.toml")),
    "reproduce": lambda p: qi.reproduction.reproduce("FIG4", p("data"), indexes=p("made"), dry_run=True),
    "run_demo": lambda p, encoder: len(qi.demo.run_demo(p("new/demo"), p("tiles"), encoder).index),
    "run_sweep": lambda p: is_written(p("state"), lambda path: qi.sweep.run_sweep(small_sweep(), bench(), state=path)),
    "select_into": lambda p: qi.index.select_into(
        p("new/one"), opened(), opened().tables.read(["id"])["id"].to_pylist(), _subset()
    ),
    "select_subset": lambda p: qi.select_subset(p("new/one"), opened(), qi.selection.Random(), size=4),
    "suggest": lambda p: is_written(
        p("state"),
        lambda path: qi.sweep.suggest(opened(), selectors=qi.sweep.make_selectors(["random"]), group="content",
                                      state=path, n_seeds=2, n_resamples=40),
    ),
    "survey_folder": lambda p: qi.images.survey_folder(p("images")),
    "synthesize": lambda p: qi.synthesis.synthesize(p("images"), p("made"), types=["gaussian-blur"], levels=[1]),
    "write_embedded_images": lambda p: is_written(
        p("out.npz"), lambda path: qi.index.write_embedded_images(path, list("abcd"), MATRIX[:4])
    ),
    "LowLevel.__init__": lambda p: _refused_data(lambda: qi.learning.LowLevel(p("images")), "images' holds no sets"),
    "train": lambda p: qi.learning.train(Line(n_epochs=1), p("new.safetensors")),
    "check_output": lambda p: qi.learning.check_output(p("new.safetensors"), "line"),
    "HighLevel.__init__": lambda p: _too_few(lambda: qi.learning.HighLevel(p("images"), weights=p("all.npy"))),
    "Provenance.of": lambda p: qi.index.Provenance.of([p("index")]),
    "Provenance.write": lambda p: qi.index.Provenance((qi.index.Origin("x"),)).write(p("index")),
    "read_origins": lambda p: qi.index.read_origins(p("index")),
    "download": lambda p: qi.sharing.download("memory://pulled/ava.zip", p("downloads")),
    "list_archive": lambda p: qi.sharing.list_archive(p("ava.zip")),
    "unpack": lambda p: qi.sharing.unpack(p("ava.zip"), qi.sharing.list_archive("ava.zip"), p("unpacked")),
    "pull": lambda p: qi.sharing.pull(p("ava.zip"), p("new/one")),
    "pull_files": lambda p: qi.sharing.pull_files(p("ava.zip"), p("files")),
}  # fmt: skip


def _too_few(make):
    """The four images are found, and are too few for a batch."""
    with pytest.raises(qi.DataError, match="4 undistorted images"):
        make()


def _refused_data(make, message):
    """The data are found, and are none of sets."""
    with pytest.raises(qi.DataError, match=message):
        make()


def _refused(load):
    with pytest.raises(qi.EncoderError, match=r"all\.npy"):
        load()


def _subset():
    fields = {one.name: one.type for one in dataclasses.fields(qi.index.Subset) if one.default is dataclasses.MISSING}
    return qi.index.Subset(**{name: "x" if "str" in str(kind) else 1 for name, kind in fields.items()})


def _signatures():
    """Yield the name and the signature of public functions and methods; not those of records."""
    for name, public in public_names().items():
        if inspect.isfunction(public):
            yield name, inspect.signature(public)
        elif inspect.isclass(public):
            for key, member in vars(public).items():
                function = getattr(member, "__func__", member)
                is_made = key == "__init__" and dataclasses.is_dataclass(public)
                if inspect.isfunction(function) and (key == "__init__" or key[0] != "_") and not is_made:
                    yield f"{name}.{key}", inspect.signature(function)


def test_each_takes_paths_by_one_name():
    taken = set()
    for name, signature in _signatures():
        kinds = [str(one.annotation) for one in signature.parameters.values()]
        assert not [kind for kind in kinds if "Path" in kind.replace("PathText", "")], name
        taken |= {name} if any("PathText" in kind for kind in kinds) else set()
    assert taken == set(ENTRIES)


@pytest.mark.parametrize("form", [str, OwnPath])
@pytest.mark.parametrize("name", ENTRIES)
def test_takes_text_and_path_objects(place, tiny_encoder, monkeypatch, name, form):
    monkeypatch.setattr("quasar_index.demo.DISTORTIONS", ("white-noise",))
    entry = ENTRIES[name]
    entry(form, *([tiny_encoder()] if len(inspect.signature(entry).parameters) == 2 else []))
    assert not list(place.rglob(".*.tmp"))


def interrupt(path, shared):
    with replacing(path, shared=shared) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("shared", [False, True])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, shared):
    path = tmp_path / "file"
    write_atomically(path, b"old", shared=shared)
    with pytest.raises(KeyboardInterrupt):
        interrupt(path, shared)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (b"old", ["file"])  # noqa: PTH208


def test_the_next_write_takes_over_what_a_killed_one_left(tmp_path):
    (tmp_path / ".file.tmp").write_bytes(b"left by a kill, and longer")
    write_atomically(tmp_path / "file", b"new")
    assert ((tmp_path / "file").read_bytes(), os.listdir(tmp_path)) == (b"new", ["file"])  # noqa: PTH208


def test_a_file_and_its_name_are_on_the_disk_before_it_counts(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda number: synced.append((os.fstat(number).st_ino, os.fstat(number).st_size)))
    write_atomically(tmp_path / "file", b"12345")
    status = (tmp_path / "file").stat()
    assert (synced[0], synced[1][0]) == ((status.st_ino, 5), tmp_path.stat().st_ino)
    write_atomically(tmp_path / "made again", b"1", sync=False)
    assert len(synced) == 2


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    message = r"no/x' cannot be written \(No such file"
    with pytest.raises(qi.DataError, match=message), new_output(tmp_path / "no/x") as temporary:
        temporary.write_text("")
