"""Every adapter on a tree in the published layout."""

import re
import sqlite3

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.io import savemat

from quasar_index.datasets import DATASETS, load_source
from quasar_index.errors import DataError


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def images(root, *names):
    for name in names:
        write(root / name)


def papers_division(name):
    return "?division=reference" if DATASETS[name].has_references else ""


def rows(source):
    return source.records.to_pylist()


def by_name(source):
    return {row["path"].replace("\\", "/").rsplit("/", 1)[-1]: row for row in rows(source)}


# one tree a data set


def make_tid2013(root):
    write(root / "mos_with_names.txt", "5.51429 I01_01_1.bmp\n5.56757 i01_01_2.bmp\n0.25 I25_24_5.bmp\n")
    write(root / "mos_std.txt", "0.13\n0.16\n0.2\n")
    images(root, "reference_images/I01.BMP", "reference_images/i25.bmp")
    images(root, *(f"distorted_images/i{name}.bmp" for name in ("01_01_1", "01_01_2", "25_24_5")))


def make_kadid10k(root):
    text = "dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,4.57,0.496\nI01_25_05.png,I01.png,1.0,0.5\n"
    write(root / "dmos.csv", text)
    images(root, "images/I01.png", "images/I01_01_01.png", "images/I01_25_05.png")


def make_kadis700k(root):
    write(root / "kadis700k_ref_imgs.csv", "ref_im,dist_type_1,dist_type_2\na-cat-12.png,3,5\n")
    images(root, "ref_imgs/a-cat-12.png", *(f"dist_imgs/a-cat-12_03_0{level}.bmp" for level in range(1, 6)))


def make_pipal(root):
    write(root / "Train_Label" / "A0001.txt", "A0001_00_00.bmp,1520.0648\nA0001_06_03.bmp,916.7\n")
    write(root / "Train_Label" / "A0002.txt", "A0002_01_00.bmp,1836\n")
    images(root, "Train_Ref/A0001.bmp", "Train_Ref/A0002.bmp")
    images(root, *(f"Train_Dist/{name}.bmp" for name in ("A0001_00_00", "A0001_06_03", "A0002_01_00")))


def make_pieapp(root):
    for split, number in (("train", 1), ("val", 2), ("test", 3)):
        write(root / f"{split}_reference_list.txt", f"ref_{number}.png\n")
        pairwise = "ref. image, distorted image A, distorted image B, raw probability, processed probability\n"
        pairwise += f"ref_{number}.png,ref_{number}.png,distImage_a.png,,0.9\n"
        pairwise += f"ref_{number}.png,distImage_a.png,distImage_b.png,,0.4\n"
        write(root / "labels" / split / f"ref_{number}_pairwise_labels.csv", pairwise)
        images(root, f"reference_images/{split}/ref_{number}.png")
        images(root, *(f"distorted_images/{split}/ref_{number}/distImage_{name}.png" for name in "ab"))
    scores = "ref. image, distorted image, score\nref_3.png,distImage_a.png,0.5\nref_3.png,distImage_b.png,2.25\n"
    write(root / "labels" / "test" / "ref_3_per_image_score.csv", scores)


def make_live(root):
    root.mkdir(parents=True, exist_ok=True)
    orgs = np.zeros((1, 982), np.uint8)
    orgs[0, :203] = 1
    dmos = np.linspace(0, 90, 982)[None]
    names = np.empty((1, 982), object)
    names[:] = "studentsculpture.bmp"
    savemat(root / "dmos.mat", {"dmos": dmos, "orgs": orgs})
    savemat(root / "dmos_realigned.mat", {"dmos_new": dmos - 2, "orgs": orgs})
    savemat(root / "refnames_all.mat", {"refnames_all": names})
    images(root, "refimgs/studentsculpture.bmp", "jp2k/img1.bmp")


def make_csiq(root):
    write(root / "csiq_label.txt", "1600.AWGN.1.png 0.061989\nwoman.jpeg2000.5.png 1\n")
    images(root, "src_imgs/1600.png", "src_imgs/woman.png")
    images(root, "dst_imgs/AWGN/1600.AWGN.1.png", "dst_imgs/jpeg2000/woman.jpeg2000.5.png")


KONIQ_SITE = "koniq10k_scores_and_distributions.csv"
KONIQ_SETS = "koniq10k_distributions_sets.csv"


def make_koniq10k(root):
    text = '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"\n'
    text += '"826373.jpg",0,2,31,64,8,105,3.74,0.6,77.74\n"2190310.jpg",20,60,20,4,1,105,2.1,0.8,30.5\n'
    write(root / KONIQ_SITE, text)
    text = "image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set\n"
    text += "2190310.jpg,0.2,0.5,0.2,0.1,0,105,30.5,0.8,test\n826373.jpg,0,0,0.5,0.5,0,105,77.74,0.6,training\n"
    write(root / KONIQ_SETS, text)
    images(root, "1024x768/826373.jpg", "1024x768/2190310.jpg")


def make_livewild(root):
    (root / "Data").mkdir(parents=True, exist_ok=True)
    names = np.empty((9, 1), object)
    names[:, 0] = [f"t{i}.bmp" for i in range(1, 8)] + ["101.bmp", "102.JPG"]
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": names})
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": np.linspace(3.42, 92.43, 9)[None]})
    savemat(root / "Data" / "AllStdDev_release.mat", {"AllStdDev_release": np.full((1, 9), 15.0)})
    images(root, "Images/trainingImages/t1.bmp", "Images/101.bmp")


def make_spaq(root):
    book = openpyxl.Workbook()
    book.active.append(["Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness"])
    book.active.append(["00001.jpg", 48.86, 47.43, 55.57, 55.71, 37.86, 42.57])
    book.active.append(["00002.jpg", 62.5, 55.38, 67.13, 53.13, 57.5, 47.5])
    (root / "Annotations").mkdir(parents=True, exist_ok=True)
    book.save(root / "Annotations" / "MOS and Image attribute scores.xlsx")
    images(root, "TestImage/00001.jpg", "TestImage/00002.jpg")


def make_flive(root):
    write(root / "labels_image.csv", "name,mos\nvoc_emotic_ava/a__B.jpg,70.1\nblur_dataset/c.jpg,20\n")
    write(root / "labels_patch.csv", "name,mos\npatches/a_patch_1.jpg,60\n")
    write(root / "labels>640.csv", "name_image,mos_image\nblur_dataset/c.jpg,20\n")
    images(root, "database/voc_emotic_ava/a__B.jpg", "database/blur_dataset/c.jpg")


def make_ava(root):
    text = "1 953619 0 1 5 17 38 36 15 6 5 1 1 22 1396\n2 953958 10 7 15 26 26 21 10 8 1 2 15 21 1396\n"
    write(root / "AVA.txt", text)
    write(root / "aesthetics_image_lists" / "generic_test.jpgl", "953958\n")
    images(root, "images/953619.jpg", "images/953958.jpg")


def make_aadb(root):
    write(root / "imgListTrainRegression_score.txt", "farm1_1.jpg 0.65\nfarm1_2.jpg 0.6\n")
    write(root / "imgListValidationRegression_score.txt", "farm1_3.jpg 0.0\n")
    write(root / "imgListTestNewRegression_score.txt", "farm1_4.jpg 1.0\n")
    images(root, "datasetImages_originalSize/farm1_1.jpg", "AADB_newtest_originalSize/farm1_4.jpg")


def make_tad66k(root):
    write(root / "labels" / "merge" / "train.csv", "image,score\n1a.jpg,5.5\n2b.jpg,9.46\n")
    write(root / "labels" / "merge" / "test.csv", "image,score\n3c.jpg,1.13\n")
    images(root, "images/1a.jpg", "images/2b.jpg", "images/3c.jpg")


def make_sac(root):
    root.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(root / "sac_public_2022_06_29.sqlite") as database:
        database.executescript(
            """
            CREATE TABLE ratings(sid INTEGER, iid INTEGER, rating INTEGER, verified INTEGER);
            CREATE TABLE images(id INTEGER, gid INTEGER, idx INTEGER);
            CREATE TABLE paths(iid INTEGER, path TEXT);
            CREATE TABLE generations(id INTEGER, sid INTEGER, method TEXT, prompt TEXT, verified INTEGER);
            INSERT INTO ratings VALUES (1, 10, 4, 1), (2, 10, 8, 0), (1, 11, 10, 1), (1, 12, 3, 1);
            INSERT INTO images VALUES (10, 5, 0), (11, 5, 1), (12, 6, 0);
            INSERT INTO paths VALUES (10, 'home/jdp/simulacra-aesthetic-captions/a_10.png'), (11, 'b_11.png');
            """
        )
    database.close()
    images(root, "home/jdp/simulacra-aesthetic-captions/a_10.png")


def make_coyo700m(root):
    root.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "id": [1, 2, 3],
            "url": ["https://x/1.jpg", "https://x/2.jpg", "https://x/3.jpg"],
            "text": ["a", "b", "c"],
            "aesthetic_score_laion_v2": [5.25, 4.5, None],
        }
    )
    pq.write_table(table, root / "part-00000.parquet")


MAKERS = {name.removeprefix("make_"): maker for name, maker in globals().items() if name.startswith("make_")}

# scored images in the tree, lowest and highest score, reference images; kadis has distorted images instead
EXPECTED = {
    "tid2013": (3, 0.25, 5.56757, 2),
    "kadid10k": (2, 1.0, 4.57, 1),
    "kadis700k": (0, None, None, 1),
    "pipal": (3, 916.7, 1836.0, 2),
    "pieapp": (2, 0.5, 2.25, 3),
    "live": (779, 203 * 90 / 981, 90.0, 1),
    "csiq": (2, 0.061989, 1.0, 2),
    "koniq10k": (2, 2.1, 3.74, 0),
    "livewild": (9, 3.42, 92.43, 0),
    "spaq": (2, 48.86, 62.5, 0),
    "flive": (2, 20.0, 70.1, 0),
    "ava": (2, 592 / 126, 699 / 124, 0),
    "aadb": (4, 0.0, 1.0, 0),
    "tad66k": (3, 1.13, 9.46, 0),
    "sac": (2, 6.0, 10.0, 0),
    "coyo700m": (2, 4.5, 5.25, 0),
}


@pytest.fixture
def tree(tmp_path, request):
    MAKERS[request.param](tmp_path)
    return request.param, tmp_path


def test_every_data_set_has_a_tree_here():
    assert set(EXPECTED) == set(MAKERS) == set(DATASETS) - {"pyiqa"}


@pytest.mark.parametrize("tree", EXPECTED, indirect=True)
def test_the_published_layout_is_read(tree):
    name, root = tree
    dataset = DATASETS[name]
    source = load_source(f"{name}:{root}{papers_division(name)}")
    n_scored, low, high, n_references = EXPECTED[name]
    scores = [row["score"] for row in rows(source) if row["score"] is not None]
    sides = [row["side"] for row in rows(source)]
    assert len(scores) == n_scored
    if scores:
        assert (min(scores), max(scores)) == pytest.approx((low, high))
    assert sides.count("good") == n_references
    assert source.division == ("reference" if n_references else "median")
    assert len({row["path"] for row in rows(source)}) == len(source)
    assert source.name == name
    assert source.lower_is_better == (name in {"pieapp", "live", "csiq"})
    assert all(len(digest) == 64 for digest in source.checksums.values())
    assert name == "coyo700m" or source.checksums
    if name not in {"live", "sac"}:  # the tree has all of one, and the other has no published count of images
        assert any(f"{n_scored or 5} labelled images found, {dataset.size} published" in w for w in source.warnings)
    for row in rows(source):
        if row["side"] == "good":
            assert (row["level"], row["score"]) == (0, None)
            assert row["reference"] is not None


@pytest.mark.parametrize("tree", sorted(set(EXPECTED) - {"live", "livewild", "sac", "coyo700m"}), indirect=True)
def test_images_that_are_there_are_found(tree):
    name, root = tree
    there = {str(path) for path in root.rglob("*.*") if path.suffix.lower() in {".bmp", ".png", ".jpg"}}
    assert there <= {row["path"] for row in rows(load_source(f"{name}:{root}{papers_division(name)}"))}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_empty_folder_shows_what_was_expected_and_found(name, tmp_path):
    write(tmp_path / "something_else.zip")
    with pytest.raises(DataError, match=r"something_else.zip") as caught:
        load_source(f"{name}:{tmp_path}")
    assert re.search(r"\w+", caught.value.hint)


@pytest.mark.parametrize("tree", [name for name in EXPECTED if DATASETS[name].splits], indirect=True)
def test_splits_filter_and_an_unknown_one_names_those_there(tree):
    name, root = tree
    with pytest.raises(DataError, match="no split 'nonsense'"):
        load_source(f"{name}:{root}?split=nonsense")
    whole = load_source(f"{name}:{root}")
    found = {row["split"] for row in rows(whole)}
    assert found <= set(DATASETS[name].splits)
    parts = [load_source(f"{name}:{root}?split={split}") for split in sorted(found)]
    assert sum(map(len, parts)) == len(whole)
    for split, part in zip(sorted(found), parts, strict=True):
        assert {row["split"] for row in rows(part)} == {split}


@pytest.mark.parametrize("tree", ["tid2013", "spaq", "kadis700k"], indirect=True)
def test_a_split_of_data_without_splits_is_refused(tree):
    with pytest.raises(DataError, match="no official splits"):
        load_source(f"{tree[0]}:{tree[1]}?split=test")


@pytest.mark.parametrize("tree", ["tid2013", "kadid10k", "pipal", "pieapp", "live", "csiq"], indirect=True)
def test_full_reference_data_can_be_divided_at_the_median(tree):
    name, root = tree
    source = load_source(f"{name}:{root}?division=median")
    assert source.division == "median"
    assert len(source) == EXPECTED[name][0]
    assert source.records.column("score").null_count == 0


@pytest.mark.parametrize("tree", ["tid2013", "kadid10k", "pipal", "live", "csiq"], indirect=True)
def test_a_human_score_is_the_rating_and_references_have_none(tree):
    name, root = tree
    source = load_source(f"{name}:{root}")
    n_scored, _, _, n_references = EXPECTED[name]
    assert source.division == "median"
    assert len(source) == n_scored
    assert source.by_person
    assert any(f"{n_references} image" in one and "?division=reference keeps" in one for one in source.warnings)


def test_divisions_that_the_data_cannot_have(tmp_path):
    make_spaq(tmp_path / "s")
    with pytest.raises(DataError, match="no reference images"):
        load_source(f"spaq:{tmp_path / 's'}?division=reference")
    with pytest.raises(DataError, match="declares its own columns"):
        load_source(f"spaq:{tmp_path / 's'}", score_column="MOS")
