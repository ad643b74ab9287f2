"""The authors' published embeddings: the declared table, file names, reading, and scores equal to their formulas."""

import json
import zipfile
from dataclasses import replace

import faiss
import numpy as np
import pytest
import torch

import quasar_index as qi
from quasar_index.datasets import (
    DATASETS,
    PUBLISHED,
    TOWERS,
    find_published,
    find_published_files,
    parse_file_name,
    read_published,
)
from quasar_index.datasets.published import CITATIONS
from quasar_index.encoders import ENCODERS, EncoderSpec, InputRule
from quasar_index.encoders.registry import unverified_spec
from quasar_index.errors import DataError
from quasar_index.reproduction.data import Need
from quasar_index.reproduction.embedded import of_published
from tests.published import file_name, make_rows, tower_of, write_published

TEMPERATURE = 0.07


# The table


def test_every_set_and_tower_is_one_that_we_know():
    for name, one in PUBLISHED.items():
        assert one.name == name
        assert one.dataset in DATASETS
        assert one.dataset in CITATIONS
        assert one.licence
        assert one.encoder in ENCODERS
        assert one.url.startswith("https://")
        assert name in one.url or name == "kadis700k"
        assert one.role == ("anchors" if name in ("pipal", "ava", "kadis700k") else "tests")
        for tower in TOWERS:
            assert one.input_of(tower) == (one.input if tower.encoder.startswith("clip-rn50") else "crop-224")
    for tower in TOWERS:
        entry = ENCODERS[tower.encoder]
        assert tower.dim == entry.dim
        if entry.family == "open_clip":
            assert tower.backbone == entry.options["architecture"]
            assert tower.pretrain.casefold().replace("-", "_") == entry.options["pretrained"].casefold()
            wanted = {"True": True, "False": False, "None": True}[tower.positions]
            assert entry.options.get("positional_embedding", True) is wanted
    assert (PUBLISHED["pipal"].size, PUBLISHED["ava"].size) == (23_400, 255_510)


@pytest.mark.parametrize("tower", TOWERS, ids=lambda one: one.label)
def test_names_as_their_script_writes_them_are_read(tower):
    for one in PUBLISHED.values():
        for tag in (one.tag, one.tag.upper(), f"{one.tag}224", f"{one.tag}_224"):
            stem = file_name(one, tower).replace(one.tag, tag, 1)
            assert parse_file_name(stem) == (tag, tower)


def test_other_names_are_not_theirs():
    for stem in ("clip_RN50_openai_False", "pipal_clip_RN50_openai", "pipal_clip_RN51_openai_False", "weights", ""):
        assert parse_file_name(stem) is None
    tag, tower = parse_file_name("pipal_open-clip_coca_ViT-L-14_mscoco-finetuned-laion2B-s13B-b90k_None")
    assert (tag, tower.encoder) == ("pipal", "coca-vit-l-14")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("quasar:tad66k", "tad66k_224"), ("TAD66k", "tad66k_224"), ("quasar:tid2013_224", "tid2013_224"),
        ("tid2013224", "tid2013_224"), ("quasar:spaq", "spaq"), ("spaq_512", "spaq_512"), ("LIVEitW", "liveitw_224"),
        ("quasar:livewild", "liveitw_224"), ("KADIS-700k", "kadis700k"), ("KonIQ-10k", "koniq10k"), ("ava", "ava"),
    ],
)  # fmt: skip
def test_sets_by_any_of_their_names(name, found):
    assert find_published(name).name == found


def test_an_unknown_set_is_named_with_what_is_meant():
    with pytest.raises(DataError, match="no published set 'quasar:pipl'; did you mean quasar:pipal"):
        find_published("quasar:pipl")


# Files


@pytest.mark.parametrize(
    ("place", "name", "found"),
    [
        ("tid2013_224", "tid2013", "tid2013_224"),  # the folder as the zip has it
        ("TID2013_224", "tid2013", "tid2013_224"),
        ("tid2013", "tid2013", "tid2013_224"),  # the folder of the data set alone
        (".", "tid2013224", "tid2013_224"),  # no folder, the resolution in the name
        (".", "tid2013_224", "tid2013_224"),
        ("spaq_512", "spaq", "spaq_512"),
        ("spaq_512/spaq", "spaq", "spaq"),
        (".", "spaq", "spaq"),
        ("spaq", "spaq_512", "spaq_512"),
        ("anything/ava", "AVA", "ava"),
    ],
)
def test_the_set_is_told_by_its_folder_or_its_name(tmp_path, place, name, found):
    folder = tmp_path / "embeds" / place
    folder.mkdir(parents=True)
    stem = f"{name}_clip_RN50_openai_False"
    torch.save(torch.eye(3), folder / f"{stem}.pt")
    (folder / f"{stem}.json").write_text('{"results_paths": ["a", "b", "c"]}')
    (one,) = find_published_files(tmp_path / "embeds")
    assert (one.declared.name, one.tower.encoder) == (found, "clip-rn50")


def test_only_their_files_are_found(tmp_path):
    place = write_published(tmp_path, "pipal", 20, dim=4, encoders=["clip-rn50", "coca-vit-l-14"])
    torch.save(torch.eye(3), place / "other.pt")
    torch.save(torch.eye(3), place / "nosuch_clip_RN50_openai_False.pt")
    torch.save(torch.eye(3), place / "ava_clip_RN50_openai_False.pt")  # no list beside it
    found = find_published_files(tmp_path)
    assert [(one.declared.name, one.tower.encoder) for one in found] == [
        ("pipal", "clip-rn50"),
        ("pipal", "coca-vit-l-14"),
    ]
    assert [one.setting for one in found] == [
        "pipal: CLIP-RN50_no-pos (openai), native size",
        "pipal: COCA-ViT-L-14 (mscoco_finetuned_laion2B-s13B-b90k), 224 px",
    ]
    with pytest.raises(DataError, match="no folder"):
        find_published_files(tmp_path / "nowhere")


@pytest.mark.parametrize("labels_file", [False, True])
@pytest.mark.parametrize("name", PUBLISHED)
def test_what_they_list_is_read_with_what_the_data_set_declares(tmp_path, name, labels_file):
    declared, dataset = PUBLISHED[name], PUBLISHED[name].declared
    write_published(tmp_path, name, 80, dim=6, labels_file=labels_file)
    found = read_published(tmp_path / name)
    matrix, paths, scores = make_rows(declared, tower_of("clip-rn50"), 80, dim=6)
    assert np.array_equal(found.embeddings, matrix)
    assert found.source.records["path"].to_pylist() == paths
    assert found.source.name == declared.dataset
    assert (found.file.input, found.file.tower.encoder) == (declared.input, "clip-rn50")
    if scores is None:
        sides = found.source.records["side"].to_pylist()
        assert (found.source.division, sides.count("good"), sides.count("bad")) == ("reference", 8, 72)
        assert found.source.records["reference"].to_pylist()[8:10] == ["A0000", "A0001"]
        assert len(set(found.source.records["reference"].to_pylist())) == 8
        assert f"80 embeddings of {name}" in found.source.warnings[0]
    else:
        assert found.source.records["score"].to_pylist() == pytest.approx(scores)
        assert (found.source.division, found.source.lower_is_better) == ("median", dataset.lower_is_better)
        groups = found.source.records["reference"].to_pylist()
        assert groups[:2] == (["i01", "i02"] if declared.dataset in ("tid2013", "kadid10k") else [None, None])


def test_one_of_several_towers(tmp_path):
    write_published(tmp_path, "ava", 20, dim=4, encoders=["clip-rn50", "clip-vit-l-14-laion2b", "clip-vit-h-14"])
    assert read_published(tmp_path).file.tower.encoder == "clip-vit-l-14-laion2b"  # that of the paper's task
    for wanted in ("clip-rn50", "CLIP-RN50_no-pos", "clip_RN50_openai_False"):
        assert read_published(tmp_path, wanted).file.tower.encoder == "clip-rn50"
    file = read_published(tmp_path, "clip-vit-h-14").file.tensor
    assert read_published(file).file.tower.encoder == "clip-vit-h-14"
    with pytest.raises(DataError, match="no embeddings by dinov2-vit-l-14; there are those by clip-rn50, clip-vit"):
        read_published(tmp_path, "dinov2-vit-l-14")
    write_published(tmp_path, "aadb", 20, dim=4)
    with pytest.raises(DataError, match="several sets: aadb, ava"):
        read_published(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no published embeddings"):
        read_published(tmp_path / "empty")
    with pytest.raises(DataError, match=r"ava.*\.json is no file of published embeddings"):
        read_published(file.with_suffix(".json"))


@pytest.mark.parametrize(
    ("folder", "others"),
    [("/d/train/", "/d/test/"), ("/d/Images/trainingImages/", "/d/Images/"), ("x\\Train\\", "x\\Test\\")],
)
def test_splits_are_told_by_folders(tmp_path, folder, others):
    place = write_published(tmp_path, "liveitw_224", 12, dim=4)
    relist(place, [f"{folder if i < 3 else others}{i}.bmp" for i in range(12)])
    found = read_published(tmp_path)
    assert found.source.records["split"].to_pylist() == ["train"] * 3 + ["test"] * 9
    part = of_published(found.file, Need("test", "livewild", "test", "clip-rn50", "crop-224"), sample=None, seed=0)
    assert (part.n, part.is_whole) == (9, True)
    assert np.array_equal(part.images().embeddings, found.embeddings[3:])


@pytest.mark.parametrize("folder", ["/home/test/koniq/", "/d/train/", "/d/images/"])
def test_a_folder_of_all_images_is_no_split(tmp_path, folder):
    place = write_published(tmp_path, "koniq10k", 12, dim=4)
    relist(place, [f"{folder}{i}.jpg" for i in range(12)])
    assert read_published(tmp_path).source.records["split"].null_count == 12


def relist(place, paths):
    """Give the rows of a set other paths."""
    listing = next(place.glob("*.json"))
    scores = [score for row in json.loads(listing.read_text())["results_paths"] for score in row.values()]
    listing.write_text(json.dumps({"results_paths": [{a: b} for a, b in zip(paths, scores, strict=True)]}))


def test_a_split_that_nothing_tells_is_said(tmp_path):
    write_published(tmp_path, "koniq10k", 30, dim=4)
    need = Need("test", "koniq10k", "test", "clip-rn50", "native")
    (file,) = find_published_files(tmp_path)
    part = of_published(file, need, sample=None, seed=0)
    assert (part.n, part.is_whole) == (30, False)
    assert "all 30 images of KonIQ-10k: their files do not tell the split 'test'" in part.flags
    write_published(tmp_path, "koniq10k", 2015, dim=4)  # as many as the split has
    part = of_published(file, need, sample=None, seed=0)
    assert (part.n, part.is_whole, len(part.flags)) == (2015, True, 1)


def test_tensors_are_mapped_and_compressed_ones_are_read(tmp_path):
    place = write_published(tmp_path, "pipal", 400, dim=64)
    tensor = next(place.glob("*.pt"))
    before = read_published(place).embeddings
    mapped = [line for line in open("/proc/self/maps") if str(tensor) in line]  # noqa: PTH123, SIM115
    assert mapped
    small = tmp_path / "pipal2" / "pipal" / tensor.name
    small.parent.mkdir(parents=True)
    small.with_suffix(".json").write_bytes(tensor.with_suffix(".json").read_bytes())
    with zipfile.ZipFile(tensor) as source, zipfile.ZipFile(small, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert np.array_equal(read_published(small).embeddings, before)


# An index of them, and the encoder that its queries need


def test_an_index_names_the_encoder_and_its_input(tmp_path):
    write_published(tmp_path, "tad66k_224", 40, dim=8, encoders=["clip-rn50", "clip-vit-l-14-laion2b"])
    index = qi.index.build_published(tmp_path / "tad", read_published(tmp_path / "tad66k_224")).index
    spec = qi.AnchorIndex.open(index.path).manifest.encoder
    assert (spec.name, spec.dim, spec.fingerprint, str(spec.input)) == ("clip-vit-l-14-laion2b", 8, "", "crop-224")
    rn50 = qi.index.build_published(tmp_path / "rn", read_published(tmp_path / "tad66k_224", "clip-rn50")).index
    assert rn50.manifest.encoder.name == "clip-rn50"


def test_weights_that_nobody_hashed_go_by_name():
    published = unverified_spec("clip-rn50", "native", 1024)
    loaded = EncoderSpec("clip-rn50", 1024, "ab12-nopos", InputRule("none", min_side=32), weights="/here")
    assert loaded.difference(published) == published.difference(loaded) == ""
    for change, what in (
        ({"name": "clip-rn50-pos"}, "name"), ({"dim": 512}, "dim"), ({"input": InputRule("crop", 224)}, "input"),
    ):  # fmt: skip
        assert replace(loaded, **change).difference(published).startswith(what)
    assert loaded.difference(replace(loaded, fingerprint="cd")).startswith("fingerprint")


# Scores by the authors' formulas, from the raw files


def softmax_scores(queries, good, bad):
    """Score by cosines and a softmax, in float64, as their evaluation does."""
    x = queries.astype(np.float64)
    s = [x @ c / (np.linalg.norm(x, axis=1) * np.linalg.norm(c)) for c in (good, bad)]
    e = np.exp(np.stack(s) / TEMPERATURE)
    return e[0] / e.sum(axis=0)


@pytest.fixture
def raw(tmp_path):
    """Anchors and tests as files, with what torch and json read of them."""
    write_published(tmp_path, "ava", 301, dim=24, labels_file=True)
    write_published(tmp_path, "tad66k_224", 90, dim=24)
    write_published(tmp_path, "pipal", 220, dim=24)
    anchors = torch.load(next((tmp_path / "ava").glob("*.pt")), weights_only=True).numpy().astype(np.float64)
    listing = json.loads(next((tmp_path / "ava").glob("ava*.json")).read_text())["results_paths"]
    labels = json.loads((tmp_path / "ava" / "labels.json").read_text())
    scores = np.array([labels[path] for path in listing])
    queries = torch.load(next((tmp_path / "tad66k_224").glob("*.pt")), weights_only=True).numpy()
    return tmp_path, anchors, scores, queries


def ours(folder, method, queries):
    """Score by an index, and by the anchors that `reproduce` makes."""
    found = read_published(folder)
    index = qi.index.build_published(folder.parent / f"index-{folder.name}", found, overwrite=True).index
    need = Need("anchors", found.file.declared.dataset, None, "clip-rn50", "native")
    table = of_published(found.file, need, sample=None, seed=0).anchors()
    return [method.fit(anchors).score(queries).score for anchors in (index, table)]


def agree(found, expected):
    for scores in found:
        assert np.abs(scores - expected).max() < 1e-6


def test_mean_equals_their_formula(raw):
    folder, anchors, scores, queries = raw
    good = scores > np.median(scores)
    expected = softmax_scores(queries, anchors[good].mean(axis=0), anchors[~good].mean(axis=0))
    assert np.ptp(expected) > 0.1
    agree(ours(folder / "ava", qi.Mean(space="raw"), queries), expected)


@pytest.mark.parametrize("offset", [0.1, 0.37])
def test_offset_equals_their_formula(raw, offset):
    folder, anchors, scores, queries = raw
    good = scores > np.median(scores)
    best, worst = np.argsort(-scores)[: good.sum()], np.argsort(scores)[: (~good).sum()]
    n = good.sum() - int(good.sum() * offset)
    expected = softmax_scores(queries, anchors[best[:n]].mean(axis=0), anchors[worst[:n]].mean(axis=0))
    agree(ours(folder / "ava", qi.Offset(offset, space="raw"), queries), expected)


def test_seeded_clustering_equals_their_formula(raw):
    folder, anchors, scores, queries = raw
    good = scores > np.median(scores)
    centroids = []
    for rows in (np.argsort(-scores)[: good.sum()], np.argsort(scores)[: (~good).sum()]):
        points = anchors[rows].astype(np.float32)
        kmeans = faiss.Kmeans(24, 5, niter=20, seed=3, min_points_per_centroid=1)
        kmeans.train(points)
        cluster = kmeans.index.search(points, 1)[1][:, 0]
        means = [anchors[rows][cluster == k].mean(axis=0) for k in np.unique(cluster)]
        centroids.append(np.mean(means, axis=0))
    agree(ours(folder / "ava", qi.Clustering(5, seed=3, space="raw"), queries), softmax_scores(queries, *centroids))


def test_full_reference_equals_their_formula(raw):
    folder, _, _, queries = raw
    file = next((folder / "pipal").glob("*.pt"))
    matrix = torch.load(file, weights_only=True).numpy().astype(np.float64)
    is_reference = np.array(["Train_Ref" in path for path in json.loads(file.with_suffix(".json").read_text())
                             ["results_paths"]])  # fmt: skip
    expected = softmax_scores(queries, matrix[is_reference].mean(axis=0), matrix[~is_reference].mean(axis=0))
    agree(ours(folder / "pipal", qi.Mean(space="raw"), queries), expected)
