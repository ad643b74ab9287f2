"""Pulling: from zips in exactly the published layout to indexes that score as their tensors do."""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.errors import AnchorIndexError, DataError
from quasar_index.sharing.places import default_name, find_place
from tests.published import write_published, zip_published

BOTH = ("clip-rn50", "clip-rn50-pos")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where indexes go."""
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def made_zip(folder, name="pipal", n=60, **how):
    """Write a zip as the release has it."""
    return zip_published(write_published(folder / "made", name, n, **how), folder / f"{name}.zip")


def tensor_of(archive, ending):
    """Read a tensor straight from a zip, by PyTorch."""
    import torch

    with zipfile.ZipFile(archive) as opened:
        name = next(name for name in opened.namelist() if name.endswith(ending))
        with opened.open(name) as file:
            return torch.load(file, weights_only=True).numpy()


def hidden(home):
    """Return what is left beside the indexes."""
    return sorted(path.name for path in home.glob(".*") if not path.name.startswith(".pulled.json"))


def test_a_published_set_becomes_an_index(server, home, tmp_path):
    archive = made_zip(tmp_path, encoders=BOTH)
    server.add("/pipal.zip", archive.read_bytes())
    said, steps = [], set()
    pulled = qi.sharing.pull(
        f"{server.url}/pipal.zip",
        fetching=qi.sharing.Fetching(
            on_start=lambda *facts: said.append(facts), on_progress=lambda what, *_: steps.add(what)
        ),
    )
    assert said == [(f"{server.url}/pipal.zip", archive.stat().st_size, 0)]
    assert steps == {"downloading", "unpacking", "writing"}
    assert pulled.is_new
    assert pulled.index.path == home / "pipal"
    assert pulled.others == ("clip-rn50-pos",)
    spec = pulled.index.manifest.encoder
    assert (spec.name, spec.dim, str(spec.input)) == ("clip-rn50", 1024, "native")
    assert (pulled.index.manifest.n_good, pulled.index.manifest.n_bad) == (6, 54)
    origin, terms = pulled.origin, qi.index.terms_of(pulled.index)
    assert origin.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert qi.index.read_origins(pulled.index.path) == (origin,)
    assert terms[0].licence == qi.DATASETS["pipal"].licence
    assert "ECCV 2020" in terms[0].citation
    assert "QUASAR" in terms[1].citation
    assert hidden(home) == []
    assert not qi.AnchorIndex.open("pipal").verify().damage


@pytest.mark.parametrize("encoder", ["clip-rn50-pos", "CLIP-RN50_pos"])
def test_scores_are_those_of_the_tensors(home, tmp_path, encoder):
    archive = made_zip(tmp_path, encoders=BOTH)
    index = qi.sharing.pull(archive, "own", encoder=encoder).index
    assert index.manifest.encoder.name == "clip-rn50-pos"
    matrix = tensor_of(archive, "RN50_openai_True.pt").astype(np.float64)
    queries = np.random.default_rng(3).normal(size=(20, 1024)) + 2
    # The authors' formulas: means of the raw rows, cosines, a softmax at 1/0.07.
    q = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    good, bad = matrix[:6].mean(axis=0), matrix[6:].mean(axis=0)
    difference = q @ (good / np.linalg.norm(good)) - q @ (bad / np.linalg.norm(bad))
    ours = qi.Mean(space="raw").fit(index).score(queries.astype(np.float32)).score
    np.testing.assert_allclose(ours, 1 / (1 + np.exp(-difference / 0.07)), atol=1e-6)


def _labelled(matrix):
    """Label a matrix by hand: six references, then the distorted."""
    n = len(matrix)
    columns = {"path": [f"{i}" for i in range(n)], "side": ["good"] * 6 + ["bad"] * (n - 6)}
    records = qi.datasets.make_records(columns, n)
    return qi.AnchorSource("straight", records, "full-reference", "reference"), matrix.astype(np.float32)


def test_rated_sets_are_divided_at_their_median(home, tmp_path):
    archive = made_zip(tmp_path, "ava", 41, encoders=("clip-vit-l-14-laion2b", "clip-vit-h-14"))
    index = qi.sharing.pull(archive).index
    assert index.manifest.encoder.name == "clip-vit-l-14-laion2b", "that of the task"
    listing = json.loads(next((tmp_path / "made" / "ava").glob("*L-14*.json")).read_text())["results_paths"]
    scores = np.array([next(iter(one.values())) for one in listing])
    (source,) = index.manifest.sources
    assert source.threshold == pytest.approx(np.median(scores))
    assert index.manifest.n_good == (scores > np.median(scores)).sum()


@pytest.mark.parametrize("layout", ["folder", "top", "deep", "labels"])
def test_zips_are_read_however_they_are_laid_out(home, tmp_path, layout):
    folder = write_published(tmp_path / "made", "tad66k_224", 30, labels_file=layout == "labels",
                             encoders=("clip-vit-l-14-laion2b",))  # fmt: skip
    before = {"folder": "tad66k_224/", "labels": "tad66k_224/", "top": "", "deep": "data/embeds/tad66k_224/"}[layout]
    archive = tmp_path / "download (1).zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in folder.iterdir():
            opened.write(path, f"{before}{path.name}")
    index = qi.sharing.pull(archive).index
    assert index.name == "download-1"
    assert index.manifest.sources[0].name == "tad66k"
    assert len(index) == 30


def test_a_folder_that_was_unpacked_by_hand_will_do(home, tmp_path):
    folder = write_published(tmp_path / "made", "pipal", 40, encoders=BOTH)
    pulled = qi.sharing.pull(folder, "own", encoder="clip-rn50-pos")
    assert pulled.others == ("clip-rn50",)
    assert len(pulled.index) == 40
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".json", ".pt", ".pt", ".yml", ".yml"]


def test_a_tensor_in_a_folder_will_do(home, tmp_path):
    folder = write_published(tmp_path / "made", "pipal", 40, encoders=BOTH)
    pulled = qi.sharing.pull(folder / "pipal_clip_RN50_openai_True.pt", "own")
    assert pulled.index.manifest.encoder.name == "clip-rn50-pos"


def test_a_zip_of_several_sets_says_what_to_do(home, tmp_path):
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("pipal", "koniq10k"):
            for path in write_published(tmp_path / "made", name, 20).iterdir():
                opened.write(path, f"{name}/{path.name}")
    with pytest.raises(DataError, match=r"several sets: .*; unzip it, and give the folder of one"):
        qi.sharing.pull(archive)


def test_a_second_pull_asks_for_nothing(server, home, tmp_path):
    server.add("/pipal.zip", made_zip(tmp_path).read_bytes())
    first = qi.sharing.pull(f"{server.url}/pipal.zip")
    n = len(server.asked)
    again = qi.sharing.pull(f"{server.url}/pipal.zip", fetching=qi.sharing.Fetching(offline=True))
    assert not again.is_new
    assert again.origin == first.origin
    assert len(server.asked) == n
    anew = qi.sharing.pull(f"{server.url}/pipal.zip", overwrite=True)
    assert anew.is_new
    assert anew.index.manifest.uid != first.index.manifest.uid


def test_an_index_from_elsewhere_is_not_touched(server, home, tmp_path):
    server.add("/pipal.zip", made_zip(tmp_path, encoders=BOTH).read_bytes())
    own = qi.build_from_embeddings("pipal", *_labelled(np.eye(12, dtype=np.float32))).index
    with pytest.raises(
        AnchorIndexError, match=r"there is an index .* already, from elsewhere by precomputed; give the"
    ):
        qi.sharing.pull(f"{server.url}/pipal.zip")
    assert server.asked == []
    qi.sharing.pull(f"{server.url}/pipal.zip", "quality")
    with pytest.raises(AnchorIndexError, match=r"already, from http://.*/pipal.zip by clip-rn50; give the new one"):
        qi.sharing.pull(f"{server.url}/pipal.zip", "quality", encoder="clip-rn50-pos")
    assert qi.AnchorIndex.open("pipal").manifest == own.manifest


def test_a_changed_file_is_not_taken_unseen(server, home, tmp_path):
    url = f"{server.url}/pipal.zip"
    served = server.add("/pipal.zip", made_zip(tmp_path).read_bytes())
    qi.sharing.pull(url)
    shutil.rmtree(tmp_path / "made")
    served.data, served.etag = made_zip(tmp_path, seed=9).read_bytes(), '"two"'
    with pytest.raises(DataError, match=r"is not what it was when it was first pulled.*take it with --accept-changed"):
        qi.sharing.pull(url, overwrite=True)
    n = len(server.asked)
    accepted = qi.sharing.Fetching(accept_changed=True)
    assert qi.sharing.pull(url, overwrite=True, fetching=accepted).is_new
    assert len(server.asked) == n, "what was downloaded before it was refused is not downloaded again"
    assert qi.sharing.pull(url, "other").is_new
    assert "secret" not in (home / ".pulled.json").read_text()


def test_a_pinned_checksum_counts(server, home, tmp_path, monkeypatch):
    from dataclasses import replace

    published = qi.datasets.PUBLISHED
    archive = made_zip(tmp_path)
    server.add("/pipal.zip", archive.read_bytes())
    here = replace(published["pipal"], url=f"{server.url}/pipal.zip", sha256="0" * 64)
    monkeypatch.setitem(published, "pipal", here)
    with pytest.raises(DataError, match=r"quasar:pipal is not the file that is known"):
        qi.sharing.pull("quasar:pipal")
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setitem(published, "pipal", replace(here, sha256=right))
    pulled = qi.sharing.pull("quasar:PIPAL")
    assert pulled.index.path == home / "pipal"
    assert pulled.origin.source == "quasar:pipal"
    assert pulled.origin.address == f"{server.url}/pipal.zip"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("pipal", r"no file or folder 'pipal'; did you mean quasar:pipal\?"),
        ("quasar:avva", r"no published set 'quasar:avva'; did you mean quasar:ava\?"),
        ("", "there is nothing to pull in an empty name; a path, an address"),
        ("http://[::1/a.zip", "is no address .*; check it"),
        ("nowhere.zip", "no file or folder 'nowhere.zip'; a path, an address, or a published set such as quasar:pipal"),
    ],
)
def test_what_is_not_there_says_what_may_be_meant(home, source, words):
    with pytest.raises(DataError, match=words):
        qi.sharing.pull(source)


def test_names_are_those_of_the_sources(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a b.zip", "x.QUASAR", "plain"):
        (tmp_path / name).touch()
    sources = ["quasar:TAD66k", "https://u:p@x/d/ava.zip?x=1", "hf://me/birds@v1", "a b.zip", "x.QUASAR", "plain"]
    named = [default_name(find_place(one)) for one in sources]
    assert named == ["tad66k_224", "ava", "birds", "a-b", "x", "plain"]
    assert default_name(find_place((tmp_path / "plain").as_uri())) == "plain"
    with pytest.raises(AnchorIndexError, match="gives an index no name"):
        default_name(find_place("https://there/"))


def test_an_archive_without_embeddings_says_what_it_has(home, tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/settings.json", "{}")
    with pytest.raises(DataError, match=r"holds neither an index nor published embeddings; it has 'settings.json'"):
        qi.sharing.pull(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pipal/pipal_clip_RN50_openai_False.pt", b"1")
    with pytest.raises(DataError, match=r"has 'pipal_clip_RN50_openai_False.pt' without its list of paths"):
        qi.sharing.pull(path)


def test_an_encoder_that_is_not_there_says_which_are(home, tmp_path):
    with pytest.raises(
        DataError, match="holds no embeddings by clip-vit-h-14; there are those by clip-rn50, clip-rn50-p"
    ):
        qi.sharing.pull(made_zip(tmp_path, encoders=BOTH), encoder="clip-vit-h-14")


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("evil",)


def test_a_pickle_in_a_zip_is_never_loaded(home, tmp_path, monkeypatch):
    import torch

    monkeypatch.chdir(tmp_path)
    folder = write_published(tmp_path / "made", "pipal", 20)
    torch.save({"embeddings": Evil()}, folder / "pipal_clip_RN50_openai_False.pt")
    archive = zip_published(folder, tmp_path / "pipal.zip")
    with pytest.raises(DataError, match="holds more than tensors"):
        qi.sharing.pull(archive)
    assert not (tmp_path / "evil").exists()
    assert not (home / "pipal").exists()


@pytest.mark.parametrize("damage", ["nan", "short list", "not json", "wrong dim"])
def test_wrong_embeddings_make_no_index(home, tmp_path, damage):
    import torch

    folder = write_published(tmp_path / "made", "pipal", 20)
    tensor, listing = next(folder.glob("*.pt")), next(folder.glob("*.json"))
    if damage == "nan":
        torch.save(torch.full((20, 1024), float("nan")), tensor)
    elif damage == "wrong dim":
        torch.save(torch.zeros(20), tensor)
    else:
        listing.write_text("{" if damage == "not json" else json.dumps({"results_paths": ["a"]}))
    with pytest.raises(DataError):
        qi.sharing.pull(zip_published(folder, tmp_path / "pipal.zip"))
    assert not (home / "pipal").exists()


def test_a_truncated_download_is_not_kept(server, home, tmp_path):
    data = made_zip(tmp_path).read_bytes()
    served = server.add("/pipal.zip", data[: len(data) // 2])
    with pytest.raises(DataError, match="is cut off or damaged"):
        qi.sharing.pull(f"{server.url}/pipal.zip")
    served.data = data
    assert qi.sharing.pull(f"{server.url}/pipal.zip").is_new, "the next pull downloads it again"


def test_a_page_in_place_of_a_zip_leaves_nothing(server, home):
    server.add("/uc", b"<!DOCTYPE html><title>Google Drive - Virus scan warning</title>", type_="text/html")
    with pytest.raises(DataError, match=r"web page \('Google Drive.*open it in a browser.*quasar-index pull FILE NAME"):
        qi.sharing.pull(f"{server.url}/uc?id=1", "kadis")
    assert hidden(home) == []


def test_offline_says_how_to_go_on(home):
    with pytest.raises(DataError, match=r"working offline.*give the path of the file: quasar-index pull FILE NAME"):
        qi.sharing.pull("quasar:ava", fetching=qi.sharing.Fetching(offline=True))
    with pytest.raises(DataError, match="working offline"):
        qi.sharing.pull("hf://me/birds", fetching=qi.sharing.Fetching(offline=True))


def test_selections_and_merges_keep_origin_and_terms(home, tmp_path):
    one = qi.sharing.pull(made_zip(tmp_path), "one").index
    other = qi.sharing.pull(made_zip(tmp_path / "o", "koniq10k"), "other").index
    ids = [key for batch in one.tables.scan(["id"]) for key in batch["id"].to_pylist()]
    report = qi.select_subset("fewer", one, qi.SELECTORS["random"](), size=10)
    assert len(report.index) < len(ids)
    assert qi.index.Provenance.of([report.index.path]) == qi.index.Provenance.of([one.path])
    merged = qi.merge("both", [one, report.index, other])
    came = qi.index.Provenance.of([merged.index.path])
    assert came == qi.index.Provenance.of([one.path, other.path])
    assert [origin.setting.partition(":")[0] for origin in came.origins] == ["pipal", "koniq10k"]


class TestFiles:
    def test_files_are_laid_out_for_reproduce(self, server, tmp_path):
        archive = made_zip(tmp_path, encoders=BOTH)
        server.add("/pipal.zip", archive.read_bytes())
        folder = qi.sharing.pull_files(f"{server.url}/pipal.zip", tmp_path / "raw")
        assert folder == tmp_path / "raw" / "pipal"
        found = qi.datasets.find_published_files(tmp_path / "raw")
        assert [one.tower.encoder for one in found] == ["clip-rn50", "clip-rn50-pos"]
        np.testing.assert_array_equal(
            qi.datasets.read_published(folder, "clip-rn50").embeddings, tensor_of(archive, "RN50_openai_False.pt")
        )
        assert qi.index.Provenance.of([folder]).terms[0].licence
        n = len(server.asked)
        assert qi.sharing.pull_files(f"{server.url}/pipal.zip", tmp_path / "raw") == folder
        assert len(server.asked) == n
        assert hidden(tmp_path / "raw") == []

    def test_one_encoder_then_another(self, tmp_path):
        archive = made_zip(tmp_path, encoders=BOTH)
        for n, encoder in enumerate(BOTH, 1):
            folder = qi.sharing.pull_files(archive, tmp_path / "raw", encoder=encoder)
            assert len(list(folder.glob("*.pt"))) == n

    def test_files_of_another_source_are_not_taken_for_these(self, tmp_path):
        for seed in (1, 2):
            archive = made_zip(tmp_path / f"{seed}", seed=seed)
            folder = qi.sharing.pull_files(archive, tmp_path / "raw")
            np.testing.assert_array_equal(
                qi.datasets.read_published(folder).embeddings, tensor_of(archive, "RN50_openai_False.pt")
            )

    def test_a_folder_is_there_already(self, tmp_path):
        folder = write_published(tmp_path / "made", "pipal", 20)
        with pytest.raises(DataError, match="its files are there; give it to --published"):
            qi.sharing.pull_files(folder, tmp_path / "raw")


class TestBundles:
    @pytest.fixture
    def bundle(self, home, tmp_path):
        index = qi.sharing.pull(made_zip(tmp_path), "first").index
        qi.sharing.write_bundle(index, tmp_path / "own.quasar")
        return tmp_path / "own.quasar"

    @pytest.mark.parametrize("way", ["path", "http", "memory"])
    def test_a_bundle_becomes_the_same_index(self, server, bundle, way):
        import fsspec

        server.add("/own.quasar", bundle.read_bytes())
        with fsspec.open("memory://bundles/own.quasar", "wb") as file:
            file.write(bundle.read_bytes())
        source = {"path": bundle, "http": f"{server.url}/own.quasar", "memory": "memory://bundles/own.quasar"}[way]
        pulled = qi.sharing.pull(source)
        assert pulled.index.name == "own"
        queries = np.random.default_rng(0).normal(size=(5, 1024)).astype(np.float32)
        first, own = (qi.Mean().fit(qi.AnchorIndex.open(name)).score(queries).score for name in ("first", "own"))
        assert (first == own).all()
        first, last = qi.index.read_origins(pulled.index.path)
        assert first.setting.startswith("pipal: CLIP-RN50")
        assert last.sha256 == hashlib.sha256(bundle.read_bytes()).hexdigest()
        assert not qi.sharing.pull(source).is_new

    def test_another_encoder_is_refused(self, bundle):
        with pytest.raises(DataError, match="is an index by clip-rn50, not by clip-vit-h-14; leave out --encoder"):
            qi.sharing.pull(bundle, encoder="clip-vit-h-14")
        with pytest.raises(DataError, match="is an index, not published embeddings; pull it without --raw"):
            qi.sharing.pull_files(bundle, bundle.parent / "raw")


PULL = "import sys, quasar_index as qi; print(len(qi.sharing.pull(sys.argv[1], 'own').index))"


def test_two_at_once_make_one_index(server, home, tmp_path):
    server.add("/pipal.zip", made_zip(tmp_path, n=400).read_bytes(), pause=0.02)
    run = [sys.executable, "-c", PULL, f"{server.url}/pipal.zip"]
    both = [subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    results = [(*one.communicate(timeout=120), one.returncode) for one in both]
    assert [out for out, _, code in results if code == 0], results
    for out, error, code in results:
        assert (code == 0 and out == "400\n") or "another process is changing index 'own'; wait" in error
    assert len(qi.AnchorIndex.open("own")) == 400
    assert not qi.AnchorIndex.open("own").verify().damage


def test_killed_anywhere_the_same_call_completes(server, home, tmp_path):
    data = made_zip(tmp_path, n=400).read_bytes()
    server.add("/pipal.zip", data, pause=0.01)
    url = f"{server.url}/pipal.zip"
    process = multiprocessing.get_context("spawn")
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(12):
        child = process.Process(target=qi.sharing.pull, args=(url, "own"))
        child.start()
        # Until the download begins, then some more: anywhere in download, unpacking and building.
        began, n = time.monotonic(), len(server.asked)
        while len(server.asked) == n and child.is_alive() and time.monotonic() - began < 20:
            if any((home / ".own.pulling").glob("unpacked*")):
                break
            time.sleep(0.01)
        child.join(float(rng.uniform(0, 1.5)))
        if child.is_alive():
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.join()
        if (home / "own").exists():
            break
    assert len(qi.sharing.pull(url, "own").index) == 400
    assert kills
    assert server.sent < len(data) + kills * (4 << 20), "no byte comes twice but what was on its way"
    assert not qi.AnchorIndex.open("own").verify().damage
    assert not any(path.name.startswith(".own") for path in home.iterdir())


@pytest.mark.parametrize("stage", ["unpacked", "published"])
def test_killed_at_the_worst_moments(server, home, tmp_path, stage):
    """Right after the download was removed, and right after the index was put in place."""
    server.add("/pipal.zip", made_zip(tmp_path).read_bytes())
    url = f"{server.url}/pipal.zip"
    broken = {
        "unpacked": "import quasar_index.sharing.pull; m = sys.modules['quasar_index.sharing.pull']; "
        "m.read_published_file = lambda _: os.kill(os.getpid(), 9)",
        "published": "import quasar_index.index.new_folder as m; m.drop_plan = lambda _: os.kill(os.getpid(), 9)",
    }[stage]
    done = subprocess.run([sys.executable, "-c", f"import os, sys; {broken}; {PULL}", url], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (home / "own").exists() == (stage == "published")
    asked = len(server.asked)
    assert len(qi.sharing.pull(url, "own").index) == 60
    assert len(server.asked) == asked
    assert not any(path.name.startswith(".own") for path in home.iterdir())


def test_a_place_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AnchorIndexError, match="cannot be made or written"):
        qi.sharing.pull("quasar:pipal", tmp_path / "file" / "x")


def test_paths_may_be_text_or_path(home, tmp_path):
    archive = made_zip(tmp_path)
    assert len(qi.sharing.pull(str(archive), str(tmp_path / "a")).index) == 60
    assert len(qi.sharing.pull(Path(archive), tmp_path / "b").index) == 60
