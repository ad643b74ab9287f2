"""The embedded images of a reproduction: published ones, or indexes, made once an encoder and input rule and reused.

Test sets are kept as indexes, too: an interrupted embedding goes on, as that of anchors does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..datasets.base import AnchorSource
from ..datasets.registry import DATASETS
from ..encoders import ENCODERS, Encoder, load_encoder
from ..encoders.weights import OFFLINE_ENCODER, OFFLINE_ENCODERS
from ..errors import AnchorIndexError, EncoderError, QuasarError, counted
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from ..index.build import build_index
from ..index.manifest import MANIFEST
from ..index.records import SourceRecord
from .data import Need, describe_missing, find_root, read_images, slug
from .embedded import EmbeddedSet, n_records, of_index, of_published
from .report import MissingInput
from .shelf import Shelf, input_of

if TYPE_CHECKING:
    from ..encoders.spec import Precision


@dataclass
class Library:
    """Reads the published embeddings, and makes and reuses the indexes, that experiments need.

    Attributes:
        data_root: Folder of the data sets; None where there is none.
        home: Folder of the indexes.
        shelf: Published embeddings, which come before images.
        weights: Weights files by name of the encoder.
        sample: Reference images, or rated ones, to draw of each anchor set; None for all.
        seed: Of that draw.
        device: As `load_encoder`.
        precision: As `load_encoder`.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        on_step: Told what is being done.
        on_progress: Called with (done, total) images.
    """

    data_root: Path | None
    home: Path
    shelf: Shelf = field(default_factory=Shelf)
    weights: Mapping[str, Path] = field(default_factory=dict)
    sample: int | None = None
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    batch_size: int = 16
    n_workers: int | None = None
    max_pixels: int = MAX_PIXELS
    on_step: Callable[[str], None] = field(default=lambda _: None)
    on_progress: Callable[[int, int], None] | None = None
    _made: dict[Need, EmbeddedSet | QuasarError | MissingInput] = field(default_factory=dict, repr=False)
    _sources: dict[tuple[str, str, str | None], AnchorSource] = field(default_factory=dict, repr=False)
    _loaded: tuple[tuple[str, str | None], Encoder] | None = field(default=None, repr=False)
    _unavailable: dict[str, EncoderError] = field(default_factory=dict, repr=False)

    def path(self, need: Need) -> Path:
        """Return the folder of an index; all that tells indexes apart is in its name."""
        parts = [need.role, need.dataset, need.split, need.encoder, input_of(need.encoder, need.input) or "default"]
        if need.role == "anchors" and self.sample is not None:
            parts.append(f"sample-{self.sample}-seed-{self.seed}")
        return self.home / "--".join(slug(part) for part in parts if part)

    def is_built(self, need: Need) -> bool:
        """Return whether an index is there already."""
        return (self.path(need) / MANIFEST).is_file()

    def missing(self, need: Need) -> MissingInput | None:
        """Return the data set that an index lacks; None where it can be made but for weights, or is there."""
        there = self.shelf.find(need) or self.is_built(need) or self._root(need)
        return None if there else describe_missing(self.data_root, need, self.shelf.commands(need))

    def plan(self, need: Need) -> str:
        """Say what would be done for an index that can be made, or is there.

        Raises:
            QuasarError: When its labels cannot be used.
        """
        if file := self.shelf.find(need):
            return f"take the authors' embeddings '{file.tensor}'"
        if self.is_built(need):
            return f"reuse {self.path(need).name}"
        root = self._root(need)
        assert root is not None  # noqa: S101 - `missing` has seen it
        images = counted(len(self._source(root, need)), "image", form=",")
        return f"embed {images} of '{root}' as {self.path(need).name}"

    def get(self, need: Need) -> EmbeddedSet | QuasarError | MissingInput:
        """Return embedded images: published ones, or of an index that is opened or made; or why there are none."""
        if need not in self._made:
            try:
                self._made[need] = self.missing(need) or self._published(need) or self._indexed(need)
            except EncoderError as error:
                self._made[need] = self.describe_weights(need.encoder, error)
            except QuasarError as error:
                self._made[need] = error
        return self._made[need]

    def encoder(self, name: str, rule: str | None) -> Encoder:
        """Load an encoder; the last one stays loaded.

        Raises:
            EncoderError: When it is unknown, or its weights cannot be had; at once when that is known already.
        """
        if name in self._unavailable:
            raise self._unavailable[name]
        key = (name, input_of(name, rule))
        if self._loaded is None or self._loaded[0] != key:
            self._loaded = None  # two large ones at once may not fit
            self.on_step(f"loading {name}")
            try:
                loaded = load_encoder(
                    name,
                    input_rule=rule,
                    weights=self.weights.get(name),
                    device=self.device,
                    precision=self.precision,
                )
            except EncoderError as error:
                self._unavailable[name] = error
                raise
            self._loaded = (key, loaded)
        return self._loaded[1]

    def describe_weights(self, name: str, error: EncoderError) -> MissingInput:
        """Say how to get the weights of an encoder that could not be loaded."""
        how = [error.hint] if error.hint else []
        if name in ENCODERS and name not in OFFLINE_ENCODERS:
            how = [f"from {ENCODERS[name].source} ({ENCODERS[name].licence})", f"then --weights {name}=FILE"]
            how.append(f"or try without them: --encoder {OFFLINE_ENCODER}, which is not the paper's")
        return MissingInput(name, "weights", error.message, tuple(how))

    def _root(self, need: Need) -> Path | None:
        return None if self.data_root is None else find_root(self.data_root, DATASETS[need.dataset])

    def _published(self, need: Need) -> EmbeddedSet | None:
        file = self.shelf.find(need)
        if file is None:
            return None
        self.home.mkdir(parents=True, exist_ok=True)
        self.on_step(f"reading the authors' embeddings '{file.tensor}'")
        return of_published(file, need, sample=self.sample, seed=self.seed)

    def _indexed(self, need: Need) -> EmbeddedSet:
        return of_index(self._open(need) or self._build(need), need)

    def _source(self, root: Path, need: Need) -> AnchorSource:
        """Read labels, once for all encoders: KADIS-700k lists 840,000 files."""
        key = (need.role, need.dataset, need.split)
        if key not in self._sources:
            self._sources[key] = read_images(root, need, sample=self.sample, seed=self.seed)
        return self._sources[key]

    def _open(self, need: Need) -> AnchorIndex | None:
        """Open an index that is there, if it is what would be built now."""
        if not self.is_built(need):
            return None
        path = self.path(need)
        index = AnchorIndex.open(path)
        mend = f"remove '{path}', or name another folder by --indexes"
        root = self._root(need)
        if root and (difference := _difference(self._source(root, need), index.manifest.sources[0])):
            raise AnchorIndexError(f"'{path}' was built from other labels: {difference}", mend)
        if need.encoder in self.weights:
            recorded = index.manifest.encoder
            loaded = self.encoder(need.encoder, need.input).spec.at_rule(recorded.rule_version)
            if difference := loaded.difference(recorded):
                raise AnchorIndexError(f"'{path}' was built with other weights: {difference}", mend)
        return index

    def _build(self, need: Need) -> AnchorIndex:
        path = self.path(need)
        root = self._root(need)
        self.home.mkdir(parents=True, exist_ok=True)
        assert root is not None  # noqa: S101 - `missing` has seen it
        source = self._source(root, need)
        encoder = self.encoder(need.encoder, need.input)
        images = counted(len(source), "image", form=",")
        self.on_step(f"embedding {images} of {DATASETS[need.dataset].title} with {need.encoder}")
        return build_index(
            path,
            [source],
            encoder,
            batch_size=self.batch_size,
            n_workers=self.n_workers,
            max_pixels=self.max_pixels,
            on_progress=self.on_progress,
        ).index


def weights_state(encoder: str, given: Path | None) -> str:
    """Say where weights would come from, without loading or fetching them."""
    if given is not None:
        return f"load {encoder} from '{given}'"
    if encoder in OFFLINE_ENCODERS:
        return f"load {encoder}, which is installed"
    if encoder in ENCODERS and ENCODERS[encoder].family == "grepq":
        return f"load {encoder} from --weights, which is not given"
    from huggingface_hub.constants import HF_HUB_CACHE

    source = ENCODERS[encoder].source if encoder in ENCODERS else "its own source"
    folder = "models--" + source.removeprefix("huggingface.co/").replace("/", "--")
    cached = any((Path(HF_HUB_CACHE) / folder / "snapshots").glob("*/*"))
    return f"load {encoder}" + (f" from '{HF_HUB_CACHE}'" if cached else f" after fetching its weights from {source}")


def _difference(source: AnchorSource, record: SourceRecord) -> str:
    """Name what tells a source from the one that an index was built of; empty where nothing does."""
    if len(source) != n_records(record):
        return f"{counted(len(source), 'image')} now, {n_records(record)} then"
    # Only names: the folder may have moved.
    now, then = (sorted(checksums.values()) for checksums in (source.checksums, record.checksums))
    return "" if now == then else "the label files have changed"
