"""What the names and columns of single data sets mean."""

import sqlite3

import fsspec
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.io import savemat
from test_datasets_published import (
    KONIQ_SETS,
    KONIQ_SITE,
    by_name,
    images,
    make_aadb,
    make_ava,
    make_coyo700m,
    make_csiq,
    make_flive,
    make_kadid10k,
    make_kadis700k,
    make_koniq10k,
    make_live,
    make_livewild,
    make_pieapp,
    make_pipal,
    make_sac,
    make_spaq,
    make_tid2013,
    rows,
    write,
)

from quasar_index.datasets import load_source
from quasar_index.errors import DataError


def test_tid2013_mixed_case_and_types(tmp_path):
    make_tid2013(tmp_path)
    found = by_name(load_source(f"TID2013:{tmp_path}"))
    row = found["i01_01_1.bmp"]  # the label file says I01_01_1.bmp
    assert (row["reference"], row["distortion"], row["level"]) == ("I01", "additive-gaussian-noise", 1)
    assert row["score_std"] == 0.13
    assert found["i25_24_5.bmp"]["distortion"] == "sparse-sampling-and-reconstruction"
    assert found["i25_24_5.bmp"]["severity"] == 5
    assert by_name(load_source(f"TID2013:{tmp_path}?division=reference"))["I01.BMP"]["reference"] == "I01"
    write(tmp_path / "mos_std.txt", "0.13\n")
    with pytest.raises(DataError, match=r"1 line.*has 3"):
        load_source(f"tid2013:{tmp_path}")


def test_kadid10k_is_higher_is_better(tmp_path):
    make_kadid10k(tmp_path)
    source = load_source(f"kadid10k:{tmp_path}")
    row = by_name(source)["I01_25_05.png"]
    assert (row["distortion"], row["level"], row["var"]) == ("contrast-change", 5, 0.5)
    assert not source.lower_is_better
    write(tmp_path / "dmos.csv", "dist_img,ref_img,mos\nI01_01_01.png,I01.png,4.5\n")
    with pytest.raises(DataError, match=r"no column 'dmos'.*found dist_img, ref_img, mos"):
        load_source(f"kadid10k:{tmp_path}")
    write(tmp_path / "dmos.csv", "dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,45.7,1\n")
    with pytest.raises(DataError, match=r"dmos.csv line 2: score 45.7 is outside 1 to 5"):
        load_source(f"kadid10k:{tmp_path}")


def test_kadis700k_types_levels_and_changed_references(tmp_path):
    make_kadis700k(tmp_path)
    source = load_source(f"KADIS-700k:{tmp_path}")
    row = by_name(source)["a-cat-12_03_04.bmp"]
    assert (row["reference"], row["distortion"], row["level"]) == ("a-cat-12", "motion-blur", 4)
    assert (row["side"], row["score"], row["severity"]) == ("bad", 4, 4)
    assert (source.division, source.rating, source.by_person, source.lower_is_better) == (
        "median",
        "severity",
        False,
        True,
    )
    papers = load_source(f"KADIS-700k:{tmp_path}?division=reference")
    row = by_name(papers)["a-cat-12_03_04.bmp"]
    assert (row["side"], row["score"], row["severity"]) == ("bad", None, 4)
    assert (papers.division, papers.rating, papers.lower_is_better) == ("reference", "score", False)
    images(tmp_path, "ref_imgs/other.png")
    assert any("lists 1 reference image, 2 are" in w for w in load_source(f"kadis700k:{tmp_path}").warnings)


def test_pipal_from_the_unmerged_archives(tmp_path):
    make_pipal(tmp_path)
    (tmp_path / "Train_Dist").rename(tmp_path / "Distortion_2")
    row = by_name(load_source(f"pipal:{tmp_path}"))["A0001_06_03.bmp"]
    assert row["path"] == str(tmp_path / "Distortion_2" / "A0001_06_03.bmp")
    assert (row["reference"], row["distortion"]) == ("A0001", "group-06")
    write(tmp_path / "Train_Label" / "A0002.txt", "A0002_01_00.bmp,x\n")
    with pytest.raises(DataError, match=r"A0002.txt line 1: score 'x'"):
        load_source(f"pipal:{tmp_path}")


def test_pieapp_training_images_have_no_score(tmp_path):
    make_pieapp(tmp_path)
    source = load_source(f"pieapp:{tmp_path}?split=train")
    assert [(row["side"], row["score"]) for row in rows(source)] == [("good", None), ("bad", None), ("bad", None)]
    (tmp_path / "labels" / "test" / "ref_3_per_image_score.csv").unlink()
    with pytest.raises(DataError, match=r"ref_3_per_image_score.csv"):
        load_source(f"pieapp:{tmp_path}")


def test_live_names_its_images_by_folder_and_skips_the_originals(tmp_path):
    make_live(tmp_path)
    source = load_source(f"live:{tmp_path}?labels=realigned")
    bad = [row for row in rows(source) if row["side"] == "bad"]
    assert bad[0]["path"] == str(tmp_path / "jp2k" / "img204.bmp")
    assert bad[-1]["path"] == str(tmp_path / "fastfading" / "img174.bmp")
    assert bad[-1]["score"] == pytest.approx(88)
    assert bad[0]["reference"] == "studentsculpture"
    savemat(tmp_path / "dmos.mat", {"dmos": np.zeros((1, 3)), "orgs": np.zeros((1, 3))})
    with pytest.raises(DataError, match=r"3 scores.*982 each"):
        load_source(f"live:{tmp_path}")
    savemat(tmp_path / "dmos.mat", {"other": 1})
    with pytest.raises(DataError, match=r"no variable dmos, orgs.*found other"):
        load_source(f"live:{tmp_path}")
    write(tmp_path / "dmos.mat", "no")
    with pytest.raises(DataError, match="not a MATLAB"):
        load_source(f"live:{tmp_path}")


def test_csiq_in_one_folder(tmp_path):
    make_csiq(tmp_path)
    row = by_name(load_source(f"csiq:{tmp_path}"))["woman.jpeg2000.5.png"]
    assert row["path"] == str(tmp_path / "dst_imgs" / "jpeg2000" / "woman.jpeg2000.5.png")
    assert (row["reference"], row["distortion"], row["level"]) == ("woman", "jpeg2000", 5)
    flat = tmp_path / "flat"
    write(flat / "csiq_label.txt", "1600.AWGN.1 0.06\n")
    images(flat, "dst_imgs/1600.AWGN.1.png")
    assert str(flat / "dst_imgs" / "1600.AWGN.1.png") in {r["path"] for r in rows(load_source(f"csiq:{flat}"))}


def test_koniq10k_scales_and_layouts(tmp_path):
    make_koniq10k(tmp_path)
    both = load_source(f"koniq10k:{tmp_path}?split=test")
    assert [row["score"] for row in rows(both)] == [2.1]
    assert both.score_range == (1.0, 5.0)
    z = load_source(f"koniq10k:{tmp_path}?scale=zscore")
    assert by_name(z)["826373.jpg"]["score"] == 77.74
    assert z.score_range == (0.0, 100.0)
    (tmp_path / KONIQ_SITE).rename(tmp_path / "away")
    sets = load_source(f"koniq10k:{tmp_path}")
    assert by_name(sets)["826373.jpg"]["score"] == 77.74
    assert by_name(sets)["826373.jpg"]["split"] == "training"
    assert sets.score_range == (0.0, 100.0)
    derived = load_source(f"koniq10k:{tmp_path}?scale=mos")
    assert by_name(derived)["826373.jpg"]["score"] == pytest.approx(3.5)
    with pytest.raises(DataError, match=r"no split 'train'.*'test', 'training'"):
        load_source(f"koniq10k:{tmp_path}?split=train")
    with pytest.raises(DataError, match="scale=x"):
        load_source(f"koniq10k:{tmp_path}?scale=x")
    (tmp_path / KONIQ_SETS).write_text((tmp_path / KONIQ_SETS).read_text().replace("77.74", "3.9").replace("30.5", "2"))
    with pytest.raises(DataError, match="MOS from 1 to 5"):
        load_source(f"koniq10k:{tmp_path}")
    (tmp_path / "away").rename(tmp_path / KONIQ_SITE)
    (tmp_path / KONIQ_SETS).unlink()
    with pytest.raises(DataError, match="official split is only there"):
        load_source(f"koniq10k:{tmp_path}?split=test")


def test_live_in_the_wild_keeps_the_training_images_apart(tmp_path):
    make_livewild(tmp_path)
    found = by_name(load_source(f"LIVEitW:{tmp_path}"))
    assert found["t1.bmp"]["path"] == str(tmp_path / "Images" / "trainingImages" / "t1.bmp")
    assert found["101.bmp"]["score_std"] == 15
    assert len(load_source(f"livewild:{tmp_path}?split=test")) == 2


def test_spaq_attributes_and_a_changed_workbook(tmp_path):
    make_spaq(tmp_path)
    assert by_name(load_source(f"spaq:{tmp_path}"))["00002.jpg"]["sharpness"] == 47.5
    path = tmp_path / "Annotations" / "MOS and Image attribute scores.xlsx"
    book = openpyxl.load_workbook(path)
    book.active["B3"] = "high"
    book.save(path)
    with pytest.raises(DataError, match="row 3: score 'high' is not a number"):
        load_source(f"spaq:{tmp_path}")
    book.active["B1"] = "Mean"
    book.save(path)
    with pytest.raises(DataError, match="no column 'MOS'"):
        load_source(f"spaq:{tmp_path}")
    path.write_text("no")
    with pytest.raises(DataError, match="not an Excel workbook"):
        load_source(f"spaq:{tmp_path}")


def test_flive_patches_and_its_test_set(tmp_path):
    make_flive(tmp_path)
    assert by_name(load_source(f"flive:{tmp_path}"))["c.jpg"]["split"] == "test"
    assert len(load_source(f"flive:{tmp_path}?labels=patch")) == 1
    with pytest.raises(DataError, match=r"needs labels>640.csv"):
        load_source(f"flive:{tmp_path}?labels=patch&split=test")


def test_ava_counts_become_a_mean(tmp_path):
    make_ava(tmp_path)
    row = by_name(load_source(f"ava:{tmp_path}"))["953619.jpg"]
    counts = np.array([0, 1, 5, 17, 38, 36, 15, 6, 5, 1])
    ratings = np.repeat(np.arange(1, 11), counts)
    assert row["score"] == pytest.approx(ratings.mean())
    assert row["score_std"] == pytest.approx(ratings.std())
    assert (row["score_n"], row["challenge"], row["split"]) == (124, 1396, "train")
    write(tmp_path / "AVA.txt", "1 953619 0 0 0 0 0 0 0 0 0 0 1 22 1396\n")
    with pytest.raises(DataError, match="line 1: no ratings"):
        load_source(f"ava:{tmp_path}")
    write(tmp_path / "AVA.txt", "1 953619 0 0\n")
    with pytest.raises(DataError, match="line 1: 4 fields, 15 expected"):
        load_source(f"ava:{tmp_path}")


def test_aadb_test_images_lie_apart(tmp_path):
    make_aadb(tmp_path)
    found = by_name(load_source(f"aadb:{tmp_path}"))
    assert found["farm1_4.jpg"]["path"] == str(tmp_path / "AADB_newtest_originalSize" / "farm1_4.jpg")
    assert found["farm1_3.jpg"]["split"] == "validation"


def test_sac_averages_and_groups_by_generation(tmp_path):
    make_sac(tmp_path)
    source = load_source(f"sac:{tmp_path}")
    row = by_name(source)["a_10.png"]
    assert (row["score"], row["score_n"], row["reference"]) == (6.0, 2, "5")
    assert row["score_std"] == pytest.approx(np.std([4, 8], ddof=1))
    assert row["path"] == str(tmp_path / "home/jdp/simulacra-aesthetic-captions/a_10.png")
    assert any("1 rated image has no path" in warning for warning in source.warnings)
    assert by_name(load_source(f"sac:{tmp_path}?verified=true"))["a_10.png"]["score"] == 4.0
    with sqlite3.connect(tmp_path / "sac_public_2022_06_29.sqlite") as database:
        database.execute("DROP TABLE paths")
    database.close()
    with pytest.raises(DataError, match=r"'paths' has no iid, path.*no such table"):
        load_source(f"sac:{tmp_path}")


def test_coyo_is_flagged_as_predicted(tmp_path):
    make_coyo700m(tmp_path)
    source = load_source(f"coyo:{tmp_path}")
    assert rows(source)[0]["path"] == "https://x/1.jpg"
    assert any("predictions" in warning for warning in source.warnings)
    assert any("1 row without a score" in warning for warning in source.warnings)
    local = load_source(f"coyo:{tmp_path}?images={tmp_path}&limit=1")
    assert [row["path"] for row in rows(local)] == [str(tmp_path / "1.jpg")]
    pq.write_table(pa.table({"url": ["x"]}), tmp_path / "part-00000.parquet")
    with pytest.raises(DataError, match="no column aesthetic_score_laion_v2"):
        load_source(f"coyo:{tmp_path}")


def test_pyiqa_directions_splits_and_references(tmp_path):
    text = (
        "ref_name,dist_name,mos,std,ratio802_seed123_split_01\nr/a.png,d/a1.png,0.3,,train\nr/a.png,d/a2.png,0.6,,val\n"
    )
    source = load_source(f"pyiqa:{write(tmp_path / 'meta_info_CSIQDataset.csv', text)}?images={tmp_path / 'img'}")
    assert source.lower_is_better
    assert (source.kind, source.division, len(source)) == ("full-reference", "reference", 3)
    assert rows(source)[0]["path"] == str(tmp_path / "img" / "r" / "a.png")
    csv = tmp_path / "meta_info_CSIQDataset.csv"
    split = load_source(f"pyiqa:{csv}?split_by=ratio802_seed123_split_01&split=val")
    assert [row["score"] for row in rows(split)] == [0.6]
    with pytest.raises(DataError, match="split_by"):
        load_source(f"pyiqa:{csv}?split=val")
    text = "name,mos,std,official_split\na.jpg,5,1,0\nb.jpg,6,1,2\n"
    ava = write(tmp_path / "meta_info_AVADataset.csv", text)
    assert [row["split"] for row in rows(load_source(f"pyiqa:{ava}"))] == ["train", "test"]
    assert not load_source(f"pyiqa:{ava}").lower_is_better
    challenge = write(tmp_path / "meta_info_LIVEChallengeDataset.csv", text)
    assert not load_source(f"pyiqa:{challenge}").lower_is_better


def test_a_data_set_behind_a_url():
    fs = fsspec.filesystem("memory")
    fs.pipe("/sets/kadid/dmos.csv", b"dist_img,ref_img,dmos,var\nI01_01_01.png,I01.png,4.57,0.4\n")
    fs.pipe("/sets/kadid/images/I01.png", b"x")
    source = load_source("kadid10k:memory://sets/kadid?division=reference")
    assert [row["path"] for row in rows(source)] == [
        "memory://sets/kadid/images/I01.png",
        "memory://sets/kadid/images/I01_01_01.png",
    ]


def test_duplicates_name_both_lines(tmp_path):
    write(tmp_path / "csiq_label.txt", "1600.AWGN.1.png 0.1\nx.BLUR.1.png 0.3\n1600.awgn.1.png 0.2\n")
    images(tmp_path, "dst_imgs/1600.AWGN.1.png")
    with pytest.raises(DataError, match=r"score 0.1 in line 1 and 0.2 in line 3"):
        load_source(f"csiq:{tmp_path}")
