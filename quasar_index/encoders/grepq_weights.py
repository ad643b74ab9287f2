"""The weights files of GRepQ: its authors', and those that `quasar-index train` writes; each told by what it holds.

A low level is `LowLevelNetwork`'s tensors, or the authors' `LLModel`, which names its backbone twice. A high level is a
whole CLIP RN50, or the authors' image tower alone. CLIP's own RN50 beside that lends its texts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from ..errors import EncoderError
from .grepq_networks import BACKBONE_DIM, LowLevelNetwork
from .weights import load_state_dict, unreadable

State: TypeAlias = dict[str, torch.Tensor]
Kind: TypeAlias = Literal["grepq-low", "grepq-high", "clip"]

ENDINGS = (".safetensors", ".tar", ".pth", ".pt", ".bin")
"""Of the files that are looked at in a folder."""
METADATA_KEY = "quasar-index"
"""In a safetensors file of ours: the name of its encoder."""
POSITIONS = "attnpool.positional_embedding"
_WHAT = {"grepq-low": "GRepQ's low level", "grepq-high": "GRepQ's high level", "clip": "CLIP's RN50"}
_CLASSES = 1000
"""Of the unused classifier in the authors' low level."""


@dataclass(frozen=True)
class WeightsFile:
    """What a file holds.

    Attributes:
        path: The file.
        kind: The encoder that it is for; "clip" for CLIP's own RN50.
    """

    path: Path
    kind: Kind

    def read(self) -> State:
        """Return its tensors, under the names that they have there."""
        return load_state_dict(self.path)


def inspect_file(path: Path) -> WeightsFile:
    """Tell what a file is by the names of its tensors.

    Raises:
        EncoderError: When it cannot be read, or is none of the kinds.
    """
    names, metadata = _names(path)
    kind: Kind
    if any(name.startswith(("backbone.", "encoder.base_model.")) for name in names):
        kind = "grepq-low"
    elif any(name.startswith("visual.attnpool.") for name in names):
        kind = "grepq-high" if metadata.get(METADATA_KEY) == "grepq-high" else "clip"
    elif any(name.startswith("attnpool.") for name in names):
        kind = "grepq-high"
    else:
        raise EncoderError(f"'{path}' holds no weights of GRepQ", "give its authors', or those of 'quasar-index train'")
    return WeightsFile(path, kind)


def find_files(place: Path, *kinds: Kind) -> list[WeightsFile]:
    """Return the files of some kinds.

    Args:
        place: A file, which must be of the one kind; or a folder, which must hold one file of each.
        kinds: What is wanted, in this order.

    Raises:
        EncoderError: When there is none of a kind, or several.
    """
    if not place.is_dir():
        if len(kinds) > 1:
            wanted = " and ".join(_WHAT[kind] for kind in kinds)
            raise EncoderError(f"'{place}' is one file", f"give the folder of two, {wanted}, by --weights")
        found = inspect_file(place)
        if found.kind != kinds[0]:
            raise EncoderError(
                f"'{place}' holds {_WHAT[found.kind]}, not {_WHAT[kinds[0]]}", "give another file by --weights"
            )
        return [found]
    files, others = _read_folder(place)
    return [_only(place, kind, [file for file in files if file.kind == kind], others) for kind in kinds]


def find_clip(place: Path) -> Path | None:
    """Return CLIP's own RN50 in a folder of weights; None where there is none, or the place is a file."""
    if not place.is_dir():
        return None
    return next((file.path for file in _read_folder(place)[0] if file.kind == "clip"), None)


def low_level(file: WeightsFile) -> LowLevelNetwork:
    """Return the low level of a file, on the CPU, for use and not for training.

    Raises:
        EncoderError: When a tensor is missing, unknown or of another shape, or the two copies of the authors' backbone
            differ.
    """
    with torch.device("meta"):  # nothing random is made, so that nothing random can stay
        network = LowLevelNetwork()
    own = network.state_dict()
    state = file.read()
    if any(name.startswith("encoder.") for name in state):
        state = _from_authors(state, own, file)
    check_tensors(state, own, file)
    network.load_state_dict(state, assign=True)
    return network.float().eval().requires_grad_(False)


def check_tensors(found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], file: WeightsFile) -> None:
    """Compare names and shapes.

    Raises:
        EncoderError: When they differ.
    """
    shapes = [name for name in found.keys() & expected.keys() if found[name].shape != expected[name].shape]
    parts = [
        f"{what}: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
        for what, names in (
            ("missing", sorted(expected.keys() - found.keys())),
            ("unknown", sorted(found.keys() - expected.keys())),
            ("of another shape", sorted(shapes)),
        )
        if names
    ]
    if parts:
        raise EncoderError(
            f"'{file.path}' does not hold the weights of {_WHAT[file.kind]} ({'; '.join(parts)})",
            "give the whole file of its authors, or of 'quasar-index train'",
        )


def _from_authors(state: State, own: State, file: WeightsFile) -> State:
    """Rename the tensors of the authors' `LLModel`: one module under two names, with a classifier that nothing uses."""
    once, again = "encoder.base_model.", "encoder.resnet18."
    # Children of torchvision's ResNet in order; those between have no tensors.
    numbers = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}
    expected = {name: tensor for name, tensor in own.items() if name.startswith("head.")}
    pairs = {}
    for name, tensor in own.items():
        if name.startswith("backbone."):
            child, _, rest = name.removeprefix("backbone.").partition(".")
            pairs[name] = (f"{once}{child}.{rest}", f"{again}{numbers[child]}.{rest}")
            expected |= dict.fromkeys(pairs[name], tensor)
    expected[f"{once}fc.weight"] = torch.empty(_CLASSES, BACKBONE_DIM, device="meta")
    expected[f"{once}fc.bias"] = torch.empty(_CLASSES, device="meta")
    check_tensors(state, expected, file)
    for one, other in pairs.values():
        if not torch.equal(state[one], state[other]):
            raise EncoderError(
                f"the two copies of the backbone in '{file.path}' differ ({one}, {other})",
                "download it again: in the authors' network they are the same",
            )
    head = {name: state[name] for name in own if name.startswith("head.")}
    return {name: state[one] for name, (one, _) in pairs.items()} | head


def _names(path: Path) -> tuple[Collection[str], dict[str, str]]:
    """Return the names of a file's tensors, and its metadata; a safetensors file has both at its beginning."""
    from safetensors import SafetensorError, safe_open

    if path.suffix != ".safetensors":
        return load_state_dict(path).keys(), {}
    try:
        with safe_open(path, "pt") as opened:
            return opened.keys(), opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error) from error


def _read_folder(folder: Path) -> tuple[list[WeightsFile], list[str]]:
    """Return what files hold, and the names of those that hold nothing of GRepQ."""
    files, others = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in ENDINGS and path.is_file():
            try:
                files.append(inspect_file(path))
            except EncoderError:
                others.append(path.name)
    return files, others


def _only(folder: Path, kind: Kind, found: Sequence[WeightsFile], others: Sequence[str]) -> WeightsFile:
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(file.path.name for file in found)
        raise EncoderError(f"'{folder}' holds {_WHAT[kind]} several times ({names})", "leave one of them there")
    seen = f" (not in {', '.join(others)})" if others else ""
    raise EncoderError(f"'{folder}' holds no file of {_WHAT[kind]}{seen}", "put it there, or give another folder")
