"""The embeddings that QUASAR's authors publish: one declared table of sets and towers, and their file names.

A set is one zip of the release `embeds`: a data set at one resolution. In it lies a folder of the data set's name, with
a tensor and a list of paths for each image tower: `pipal_clip_RN50_openai_False.pt` and `.json`. Names are matched
against the table, never split: towers hold `_` themselves (`coca_ViT-L-14`), and their pretrain part has `-` for `_`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from ..arguments import checked
from ..errors import DataError
from .declare import Dataset
from .registry import DATASETS

RELEASE = "https://github.com/photosynthesis-team/QUASAR/releases/download/embeds"
PREFIX = "quasar:"
"""What tells the name of a published set from that of a file or an index, as in `quasar-index pull quasar:ava`."""
CITATION = (
    "Kastryulin, Prokopenko, Babenko, Dylov: QUASAR: QUality and Aesthetics Scoring with Advanced Representations, "
    "arXiv:2403.06866, 2024"
)
"""Of the embeddings; the images' and ratings' own is that of each set."""

Role: TypeAlias = Literal["anchors", "tests"]


@dataclass(frozen=True)
class PublishedTower:
    """An image tower, as the authors name it and as we do.

    Attributes:
        extractor: Their package: "clip", "open-clip" or "dinov2".
        backbone: Their model.
        pretrain: Their weights.
        positions: Their switch of the positional embedding: "True", "False", or "None" where a model has no choice.
        label: Their name of it (`--prompt_backbone`).
        encoder: Our name of it, as in `quasar_index.ENCODERS`.
        dim: D.
        any_size: Whether it takes images of any size; the others take 224 x 224 pixels alone.
        note: How our encoder of that name may differ from theirs.
    """

    extractor: str
    backbone: str
    pretrain: str
    positions: str
    label: str
    encoder: str
    dim: int
    any_size: bool = False
    note: str = ""

    @property
    def suffix(self) -> str:
        """What its files are named by, after the data set's tag: `clip_RN50_openai_False`."""
        return "_".join((self.extractor, self.backbone, self.pretrain.replace("_", "-"), self.positions))


TOWERS: tuple[PublishedTower, ...] = (
    PublishedTower("clip", "RN50", "openai", "False", "CLIP-RN50_no-pos", "clip-rn50", 1024, any_size=True),
    PublishedTower("clip", "RN50", "openai", "True", "CLIP-RN50_pos", "clip-rn50-pos", 1024, any_size=True),
    PublishedTower(
        "open-clip", "ViT-L-14", "laion2B-s32B-b82K", "None", "CLIP-ViT-L-14", "clip-vit-l-14-laion2b", 768,
        note="LAION-2B weights, not those of OpenAI that the paper's aesthetics setting names",
    ),
    PublishedTower("open-clip", "ViT-H-14", "laion2b_s32b_b79k", "None", "CLIP-ViT-H-14", "clip-vit-h-14", 1024),
    PublishedTower(
        "open-clip", "ViT-bigG-14", "laion2b_s39b_b160k", "None", "CLIP-ViT-bigG-14", "clip-vit-bigg-14", 1280
    ),
    PublishedTower(
        "open-clip", "coca_ViT-L-14", "mscoco_finetuned_laion2B-s13B-b90k", "None", "COCA-ViT-L-14", "coca-vit-l-14",
        768,
    ),
    PublishedTower(
        "dinov2", "vitl14", "dinov2_vitl14", "None", "DINOv2-ViT-L-14", "dinov2-vit-l-14", 1024,
        note="theirs came from torch.hub, ours comes from timm: the same weights, positions interpolated another way",
    ),
)  # fmt: skip
"""Every tower of the authors' configuration; their zips may hold some of them only."""


@dataclass(frozen=True)
class PublishedSet:
    """A zip of the authors' release: the embeddings of one data set at one resolution.

    Attributes:
        name: Name of the zip.
        dataset: Our name of the data set.
        role: What the authors use it for.
        tag: How its files begin.
        input: Input rule of towers that take any size, in its short form.
        url: Where the zip is.
        size: Published count of embeddings; None where it is not known beforehand.
        sha256: Of the zip, in hexadecimal; empty where none is pinned.
        encoder: Our name of the tower that the paper uses for the task.
        note: What a user should know.
    """

    name: str
    dataset: str
    role: Role
    tag: str
    input: str
    url: str
    encoder: str = "clip-rn50"
    size: int | None = None
    sha256: str = ""
    note: str = ""

    @property
    def declared(self) -> Dataset:
        """Our declaration of the data set: counts, direction, licence, home page."""
        return DATASETS[self.dataset]

    @property
    def licence(self) -> str:
        """Terms of the data set, which hold for what is made of it; the release itself names none."""
        return self.declared.licence

    @property
    def citation(self) -> str:
        """Of the data set."""
        return CITATIONS[self.dataset]

    @property
    def source(self) -> str:
        """What `quasar-index pull` takes."""
        return PREFIX + self.name

    def input_of(self, tower: PublishedTower) -> str:
        """Return the input rule of a tower's embeddings, in its short form: 224 px where the tower takes no other."""
        return self.input if tower.any_size else "crop-224"


CITATIONS = {
    "kadis700k": "Lin, Hosu, Saupe: DeepFL-IQA, arXiv:2001.08113, 2020",
    "kadid10k": "Lin, Hosu, Saupe: KADID-10k: A Large-scale Artificially Distorted IQA Database, QoMEX 2019",
    "pipal": "Gu et al.: PIPAL: a Large-Scale IQA Dataset for Perceptual Image Restoration, ECCV 2020",
    "ava": "Murray, Marchesotti, Perronnin: AVA: A Large-Scale Database for Aesthetic Visual Analysis, CVPR 2012",
    "tid2013": "Ponomarenko et al.: Image database TID2013, Signal Processing: Image Communication 30, 2015",
    "koniq10k": "Hosu, Lin, Sziranyi, Saupe: KonIQ-10k, IEEE Transactions on Image Processing 29, 2020",
    "livewild": "Ghadiyaram, Bovik: Massive Online Crowdsourced Study of Picture Quality, IEEE TIP 25, 2016",
    "spaq": "Fang, Zhu, Zeng, Ma, Wang: Perceptual Quality Assessment of Smartphone Photography, CVPR 2020",
    "pieapp": "Prashnani, Cai, Mostofi, Sen: PieAPP: Perceptual Image-Error Assessment, CVPR 2018",
    "aadb": "Kong, Shen, Lin, Mech, Fowlkes: Photo Aesthetics Ranking Network, ECCV 2016",
    "tad66k": "He, Zhang, Xie, Jiang, Ming: Rethinking Image Aesthetics Assessment, IJCAI 2022",
}
"""Of the data sets, by our names."""

_VIT = "clip-vit-l-14-laion2b"
_CROP, _SIDE_512, _NATIVE = "crop-224", "shorter-side=512", "native"


def _zip(name: str) -> str:
    return f"{RELEASE}/{name}.zip"


def _test(name: str, dataset: str, tag: str, rule: str, encoder: str = "clip-rn50") -> PublishedSet:
    return PublishedSet(name, dataset, "tests", tag, rule, _zip(name), encoder)


PUBLISHED: dict[str, PublishedSet] = {
    one.name: one
    for one in (
        PublishedSet("pipal", "pipal", "anchors", "pipal", _NATIVE, _zip("pipal"), size=23_400,
                     note="200 references and 23,200 distorted images; the paper's smaller anchors of quality"),
        PublishedSet("ava", "ava", "anchors", "ava", _NATIVE, _zip("ava"), _VIT, size=255_510,
                     note="the paper's anchors of aesthetics, divided at the median score"),
        PublishedSet("kadis700k", "kadis700k", "anchors", "kadis700k", _NATIVE,
                     "https://drive.google.com/uc?export=download&id=17VkK9eAwmnobvxGQQa9VdeQrNJEM5jGR", size=840_000,
                     note="on a file share, which answers large downloads with a page: open the address in a browser, "
                     "and give the file"),
        _test("tid2013_224", "tid2013", "tid2013", _CROP),
        _test("koniq10k", "koniq10k", "koniq10k", _NATIVE),
        _test("kadid10k_224", "kadid10k", "kadid10k", _CROP),
        _test("liveitw_224", "livewild", "liveitw", _CROP),
        _test("spaq", "spaq", "spaq", _NATIVE),
        _test("spaq_512", "spaq", "spaq", _SIDE_512),
        _test("tad66k_224", "tad66k", "tad66k", _CROP, _VIT),
        _test("aadb", "aadb", "aadb", _NATIVE, _VIT),
        _test("pieapp_224", "pieapp", "pieapp", _CROP),
    )
}  # fmt: skip
"""Every set of the release, by the name of its zip."""


def input_words(rule: str) -> str:
    """Return an input rule in words: `crop-224` is "224 px"."""
    return {"native": "native size", "crop-224": "224 px", "shorter-side=512": "512 px"}.get(rule, rule)


def plain_name(text: str) -> str:
    """Return a name without case and separators: `KADIS-700k`, `kadis700k` and `TID2013_224`, `tid2013224` are one."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _names() -> dict[str, str]:
    """Return the name of each set by every plain name of it; that of the data set alone means its first set."""
    names: dict[str, str] = {}
    for one in PUBLISHED.values():
        names[plain_name(one.name)] = one.name
    for one in PUBLISHED.values():
        for name in (one.tag, one.dataset, one.declared.title, *one.declared.aliases):
            names.setdefault(plain_name(name), one.name)
    return names


@checked
def find_published(name: str) -> PublishedSet:
    """Return a published set by any of its names.

    Args:
        name: That of the zip or of the data set, with or without `quasar:`, in any case: `quasar:tad66k` is
            `tad66k_224`, the only one of that data set.

    Raises:
        DataError: When there is none.

    Example:
        >>> import quasar_index as qi
        >>> qi.datasets.find_published("quasar:TAD66k").name
        'tad66k_224'
    """
    names = _names()
    wanted = plain_name(name.removeprefix(PREFIX))
    if wanted in names:
        return PUBLISHED[names[wanted]]
    near = get_close_matches(wanted, names, n=1)
    hint = f"did you mean {PUBLISHED[names[near[0]]].source}? " if near else ""
    raise DataError(
        f"no published set '{name}'", f"{hint}there are {', '.join(one.source for one in PUBLISHED.values())}"
    )


@checked
def parse_file_name(stem: str) -> tuple[str, PublishedTower] | None:
    """Read the name of a published file.

    Args:
        stem: Its name without the ending, in any case: `pipal_clip_RN50_openai_False`.

    Returns:
        The data set's tag as it stands there, and the tower; None for any other name.

    Example:
        >>> from quasar_index.datasets import parse_file_name
        >>> tag, tower = parse_file_name("ava_open-clip_coca_ViT-L-14_mscoco-finetuned-laion2B-s13B-b90k_None")
        >>> tag, tower.encoder
        ('ava', 'coca-vit-l-14')
    """
    name = stem.casefold().replace("_", "-")
    for tower in TOWERS:
        ending = "-" + tower.suffix.casefold().replace("_", "-")
        if name.endswith(ending) and len(name) > len(ending):
            return stem[: len(stem) - len(ending)], tower
    return None


def find_tower(encoder: str) -> PublishedTower | None:
    """Return the tower that is one of our encoders, by our name or the authors'; None where they publish none."""
    return next((one for one in TOWERS if encoder in (one.encoder, one.label, one.suffix)), None)
