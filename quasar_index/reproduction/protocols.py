"""The protocols of QUASAR (Kastryulin et al. 2024, arXiv:2403.06866): Table 1, Figures 4 to 7, and section 5.

Settings are those of the paper's section 4; splits are those of the authors' code
(github.com/photosynthesis-team/QUASAR, `embeddings/datasets.py`). There SPAQ's "test" is every row of its annotation
file, and SRCC is printed as its absolute value. Figures 4 to 7 print no numbers: their points are compared with Table 1
where it has the same setting, else there is nothing to compare with. The places on the axes of Figures 6 and 7 cannot
be read off the text, so those here are ours.
"""

from __future__ import annotations

from dataclasses import replace

from ..methods.clustering import Clustering
from ..methods.mean import Mean
from ..methods.method import CentroidMethod
from ..methods.offset import Offset
from .adaptive import adaptive_protocol
from .declare import Experiment, PaperProtocol, PublishedFigure
from .grepq import few_labels_protocol, zero_shot_protocol

SPLITS: dict[str, str | None] = {
    "tid2013": None,
    "kadid10k": None,
    "koniq10k": "test",
    "livewild": "test",
    "spaq": None,
    "pieapp": "test",
    "aadb": None,
    "tad66k": "test",
}
"""The test sets, and their splits in the authors' code; None for all rated images."""

IQA = ("tid2013", "kadid10k", "koniq10k", "livewild", "spaq", "pieapp")
IAA = ("aadb", "tad66k")

_RN50, _RN50_POSITIONS = "clip-rn50", "clip-rn50-pos"
_VIT = "clip-vit-l-14"
_SIDE_512 = "shorter-side=512"
_CROP = "crop-224"
_CLIP_IQA, _QUASAR = "CLIP-IQA", "QUASAR"

TABLE1_CLIP_IQA = {
    "tid2013": 0.503,
    "kadid10k": 0.479,
    "koniq10k": 0.695,
    "livewild": 0.612,
    "spaq": 0.738,
    "pieapp": 0.288,
    "aadb": 0.428,
    "tad66k": 0.235,
}
TABLE1_QUASAR = {
    "tid2013": 0.627,
    "kadid10k": 0.670,
    "koniq10k": 0.688,
    "livewild": 0.637,
    "spaq": 0.769,
    "pieapp": 0.375,
    "aadb": 0.453,
    "tad66k": 0.375,
}
_OTHERS = {
    "BIQI": (0.393, 0.338, 0.559, 0.364, 0.591, 0.243),
    "BLINDS-II": (0.393, 0.308, 0.585, 0.090, 0.317, 0.250),
    "BRISQUE": (0.370, 0.332, 0.705, 0.561, 0.484, 0.328),
    "NIQE": (0.313, 0.379, 0.551, 0.463, 0.703, 0.182),
}
_OTHERS_AESTHETICS = {  # learning-based, "included as a reference rather than for a direct comparison"
    "NIMA": (0.612, 0.390),
    "ALamp": (0.666, 0.411),
    "RAPID": (0.447, 0.314),
    "AADB": (0.558, 0.379),
}

_UNSAID_CLIP_IQA = "the paper does not say which encoder and input its CLIP-IQA had on aesthetics: as for quality here"
_AESTHETICS_ENCODER = (
    "the paper says CLIP ViT-L/14 without its weights' source: OpenAI's here; the authors' public "
    "configuration lists the LAION-2B ones (clip-vit-l-14-laion2b)"
)


def _printed(values: dict[str, float], test: str, why: str = "Table 1") -> PublishedFigure:
    return PublishedFigure(values[test], why)


def _native(test: str) -> str:
    """Return the input rule of the quality setting: native, SPAQ alone with its shorter side at 512 (section 4)."""
    return _SIDE_512 if test == "spaq" else "native"


def _clip_iqa(test: str, encoder: str = _RN50, rule: str | None = None) -> Experiment:
    return Experiment(_CLIP_IQA, test, encoder, split=SPLITS[test], test_input=rule or _native(test))


def _quality(test: str, encoder: str = _RN50, anchors: str = "kadis700k") -> Experiment:
    """Declare the quality setting: Mean of KADIS-700k at native resolution."""
    return Experiment(
        _QUASAR,
        test,
        encoder,
        split=SPLITS[test],
        anchors=anchors,
        anchor_input="native",
        test_input=_native(test),
    )


def _aesthetics(test: str, method: CentroidMethod, encoder: str = _VIT) -> Experiment:
    """Declare the aesthetics setting: AVA divided at its median, the standard pipeline."""
    return Experiment(
        _QUASAR,
        test,
        encoder,
        split=SPLITS[test],
        anchors="ava",
        anchor_input=_CROP,
        test_input=_CROP,
        method=method,
    )


def _table1() -> PaperProtocol:
    experiments = []
    for test in (*IQA, *IAA):
        baseline = replace(_clip_iqa(test), published=_printed(TABLE1_CLIP_IQA, test))
        ours = _quality(test) if test in IQA else _aesthetics(test, Clustering(100, space="raw"))
        ours = replace(ours, published=_printed(TABLE1_QUASAR, test))
        if test in IAA:
            baseline, ours = replace(baseline, note=_UNSAID_CLIP_IQA), replace(ours, note=_AESTHETICS_ENCODER)
        experiments += [baseline, ours]
    others = {name: dict(zip(IQA, row, strict=True)) for name, row in _OTHERS.items()}
    others |= {f"{name} (trained)": dict(zip(IAA, row, strict=True)) for name, row in _OTHERS_AESTHETICS.items()}
    return PaperProtocol(
        "TABLE1",
        "The best QUASAR variants and CLIP-IQA on eight test sets",
        tuple(experiments),
        others=others,
    )


FIG4_ENCODERS = (
    _RN50_POSITIONS,
    _RN50,
    "clip-vit-l-14-laion2b",
    "clip-vit-h-14",
    "clip-vit-bigg-14",
    "coca-vit-l-14",
    "dinov2-vit-l-14",
)
_NO_TEXT = ("dinov2-vit-l-14",)


def _fig4() -> PaperProtocol:
    experiments = []
    for panel, tests in (("a", IQA), ("b", IAA)):
        for test in tests:
            for encoder in FIG4_ENCODERS:
                shared = replace(_clip_iqa(test, encoder, _CROP), panel=panel, x=encoder)
                if encoder not in _NO_TEXT:
                    experiments.append(shared)
                for anchors, series in (
                    (("pipal", "QUASAR (PIPAL)"), ("kadis700k", "QUASAR (KADIS-700k)"))
                    if panel == "a"
                    else (("ava", "QUASAR (AVA, mean)"),)
                ):
                    experiments.append(replace(shared, series=series, anchors=anchors, anchor_input=_CROP))
    return PaperProtocol(
        "FIG4",
        "Encoders with the standard preprocessing, resized to 224 x 224: (a) quality, (b) aesthetics",
        tuple(experiments),
        x_label="encoder",
        notes=("the encoders are those of the authors' README; RN50 is clip-rn50-pos, RN50* is clip-rn50",),
    )


def _fig5() -> PaperProtocol:
    experiments = []
    for test in IQA:
        for encoder in (_RN50_POSITIONS, _RN50):
            for x, rule, anchor_rule in (
                ("224", _CROP, _CROP),
                ("512", _SIDE_512, "native"),
                ("native", "native", "native"),
            ):
                star = "*" if encoder == _RN50 else ""
                baseline = replace(_clip_iqa(test, encoder, rule), series=f"CLIP-IQA RN50{star}", x=x)
                ours = replace(baseline, series=f"QUASAR RN50{star}", anchors="kadis700k", anchor_input=anchor_rule)
                if encoder == _RN50 and rule == _native(test):
                    same = "Table 1, the same setting"
                    baseline = replace(baseline, published=_printed(TABLE1_CLIP_IQA, test, same))
                    ours = replace(ours, published=_printed(TABLE1_QUASAR, test, same))
                experiments += [baseline, ours]
    return PaperProtocol(
        "FIG5",
        "Resolution of the test images; RN50* is without positional embedding",
        tuple(experiments),
        x_label="resolution",
        keeps_input=True,
        notes=(
            "the resolutions are those of the authors' script: 224 resizes the shorter side and crops, 512 resizes it",
            "the paper does not say how the anchors were resized: at 224 as the test images, else native here",
        ),
    )


FIG6_FRACTIONS = {
    "pipal": (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    "kadis700k": (0.00001, 0.00003, 0.0001, 0.001, 0.01, 0.1, 0.5, 1.0),
}
N_DRAWS = 10


def _fig6() -> PaperProtocol:
    experiments = []
    for test in IQA:
        for anchors, fractions in FIG6_FRACTIONS.items():
            for fraction in fractions:
                point = replace(
                    _quality(test, anchors=anchors),
                    series="PIPAL" if anchors == "pipal" else "KADIS-700k",
                    panel="a" if anchors == "pipal" else "b, c",
                    fraction=fraction,
                    n_draws=1 if fraction == 1 else N_DRAWS,
                    x=fraction,
                )
                if anchors == "kadis700k" and fraction == 1:
                    point = replace(point, published=_printed(TABLE1_QUASAR, test, "Table 1, the same setting"))
                experiments.append(point)
    return PaperProtocol(
        "FIG6",
        "Fraction of the anchors that forms the centroids",
        tuple(experiments),
        x_label="fraction",
        notes=(f"fractions are ours, from a single reference image on; {N_DRAWS} random draws each",),
    )


FIG7_FRACTIONS = (0.0001, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 1.0)
FIG7_OFFSETS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
FIG7_CLUSTERS = (1, 10, 20, 50, 100, 200, 500, 1000)


def _fig7() -> PaperProtocol:
    experiments = []
    for test in IAA:
        experiments += [
            replace(
                _aesthetics(test, Mean(space="raw")),
                panel="a",
                series="random part (fraction)",
                fraction=fraction,
                n_draws=1 if fraction == 1 else N_DRAWS,
                x=fraction,
            )
            for fraction in FIG7_FRACTIONS
        ]
        experiments += [
            replace(_aesthetics(test, Offset(offset, space="raw")), panel="b", series="offset", x=offset)
            for offset in FIG7_OFFSETS
        ]
        for clusters in FIG7_CLUSTERS:
            point = _aesthetics(test, Clustering(clusters, space="raw"))
            point = replace(point, panel="c", series="clusters a side", x=float(clusters))
            if clusters == 100:
                point = replace(point, published=_printed(TABLE1_QUASAR, test, "Table 1, the same setting"))
            experiments.append(point)
    return PaperProtocol(
        "FIG7",
        "Aesthetics with CLIP ViT-L/14: (a) random part, (b) offset from the median, (c) number of clusters",
        tuple(experiments),
        x_label="value",
        notes=(
            f"fractions ({N_DRAWS} random draws each), offsets and numbers of clusters are ours",
            "Mean is fraction 1, offset 0 and one cluster",
            _AESTHETICS_ENCODER,
        ),
    )


PROTOCOLS: dict[str, PaperProtocol] = {
    one.name: one
    for one in (
        *(_table1(), _fig4(), _fig5(), _fig6(), _fig7(), adaptive_protocol()),
        *(few_labels_protocol(), zero_shot_protocol()),
    )
}
"""The protocols by name."""
