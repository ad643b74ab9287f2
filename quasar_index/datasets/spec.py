"""The text that names a source: `NAME:ROOT[?key=value&...]` or a path or URL with the same options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote

from ..errors import DataError
from .base import Division, Kind, concat_text
from .files import is_url
from .problems import Problems

_OPTIONS = re.compile(r"^(?P<root>.*?)\?(?P<options>[A-Za-z_]+=[^?]*)$", re.DOTALL)
# Two letters at least: a single one is a Windows drive.
_NAME = re.compile(r"^(?P<name>[A-Za-z][A-Za-z0-9 _.\-]+):(?P<root>(?!//|:).+)$", re.DOTALL)
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_KINDS: tuple[Kind, ...] = ("full-reference", "no-reference", "aesthetics")
_DIVISIONS: tuple[Division, ...] = ("median", "reference")


@dataclass(frozen=True)
class Options:
    """The options of a source, taken one by one by whoever reads it.

    Attributes:
        values: Option name to text.
        labelled: Whether scores are wanted; else images alone are, with the other columns as they are in the file.
        problems: Where readers report what is wrong with the label file.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    labelled: bool = True
    problems: Problems = field(default_factory=Problems, compare=False)

    def check(self, allowed: Iterable[str], source: str) -> None:
        """Refuse options that the source does not know.

        Raises:
            DataError: With the known ones.
        """
        known = sorted(allowed)
        for name in self.values:
            if name not in known:
                near = get_close_matches(name, known, 1)
                raise DataError(
                    f"{source} has no option '{name}'" + (f", did you mean '{near[0]}'?" if near else ""),
                    f"options: {', '.join(known) or 'none'}",
                )

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return an option, None when it is not given."""
        return self.values.get(name, default)

    def flag(self, name: str) -> bool | None:
        """Return a yes/no option, None when it is not given."""
        value = self.values.get(name)
        if value is None:
            return None
        if value.casefold() not in _TRUE + _FALSE:
            raise DataError(f"option {name}={value} is neither true nor false")
        return value.casefold() in _TRUE

    def one_of(self, name: str, known: Sequence[str]) -> str | None:
        """Return an option that is one of some words, None when it is not given."""
        value = self.values.get(name)
        if value is not None and value.casefold() not in known:
            raise DataError(f"option {name}={value} is unknown", f"one of {', '.join(known)}")
        return value and value.casefold()

    def bounds(self, name: str = "range") -> tuple[float, float] | None:
        """Return an option of the form `lo,hi`, None when it is not given."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            low, high = (float(part) for part in value.split(","))
        except ValueError:
            raise DataError(f"option {name}={value} is not two numbers", f"such as {name}=1,5") from None
        if not low < high:
            raise DataError(f"option {name}={value}: the first must be the lower one", f"such as {name}=1,5")
        return low, high

    def count(self, name: str) -> int | None:
        """Return a positive whole number, None when it is not given."""
        value = self.values.get(name)
        if value is None:
            return None
        if not value.isdecimal() or int(value) < 1:
            raise DataError(f"option {name}={value} is not a positive whole number")
        return int(value)

    def globs(self, name: str = "exclude") -> list[str]:
        """Return an option of the form `GLOB,GLOB`, empty when it is not given."""
        value = self.values.get(name)
        return [] if value is None else value.split(",")

    def kind(self, default: Kind) -> Kind:
        """Return what the scores mean."""
        value = self.values.get("kind", default)
        for kind in _KINDS:
            if value == kind:
                return kind
        raise DataError(f"option kind={value} is unknown", f"one of {', '.join(_KINDS)}")

    def division(self, default: Division) -> Division:
        """Return how anchors fall into two sides."""
        value = self.values.get("division", default)
        for division in _DIVISIONS:
            if value == division:
                return division
        raise DataError(f"option division={value} is unknown", f"one of {', '.join(_DIVISIONS)}")


@dataclass(frozen=True)
class Spec:
    """A source as the user names it.

    Attributes:
        dataset: Name before the colon as it was typed; None for a path or URL.
        root: Path or URL.
        options: What stands behind the question mark.
    """

    dataset: str | None
    root: str
    options: Options


def parse_spec(text: str) -> Spec:
    """Take a source's text apart; whether the name is a known data set is not looked at.

    A local path that exists as it stands is a path, whatever colons and question marks it has. Values of
    options are percent-decoded (`sep=%3B`).

    Raises:
        DataError: On an empty text, an option without a value or given twice.
    """
    if not text.strip():
        raise DataError("the name of the data is empty", "NAME:ROOT of a data set, or a path or URL")
    if _is_there(text):
        return Spec(None, text, Options())
    root, values = text, {}
    if match := _OPTIONS.match(text):
        root = match["root"]
        for part in match["options"].split("&"):
            name, equals, value = part.partition("=")
            if not equals or not value:
                raise DataError(f"option '{part}' of {text} has no value", "options are written ?key=value&key=value")
            if name in values:
                raise DataError(f"option '{name}' of {text} is given twice")
            values[name] = unquote(value)
    elif root.endswith("?"):
        root = root[:-1]
    if (match := _NAME.match(root)) and not _is_there(root):
        return Spec(match["name"], match["root"], Options(values))
    if re.match(r"^[A-Za-z][A-Za-z0-9 _.\-]+:$", root):
        raise DataError(f"'{root}' names no folder", f"{root}ROOT, with the folder of the data set")
    return Spec(None, root, Options(values))


def _is_there(path: str) -> bool:
    """Tell whether a local path exists; no path is one that the system finds too long, or of an unknown user."""
    try:
        return not is_url(path) and Path(path).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def normal_name(name: str) -> str:
    """Return the form in which names of data sets are compared: `KonIQ-10k` and `koniq10k` are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def filter_message(split: str, found: Iterable[str], source: str) -> DataError:
    """Return the error for a split that is not there."""
    names = sorted(found)
    return DataError(f"{source} has no split '{split}'", f"its splits: {concat_text(names, 20) or 'none'}")
