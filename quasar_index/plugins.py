"""What other packages add: encoders, data sets, methods and selectors, by the entry points of an installed package.

    [project.entry-points."quasar_index.encoders"]
    my-encoder = "my_package:ENCODER"

A registry knows its own names at once. It looks for plugins when it is asked for another name, or for all of them, so
that start-up stays quick. A plugin that cannot be used costs a warning, never the command; one with the name of
something that is here already is left out.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import first_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_T = TypeVar("_T")

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VERSION = re.compile(r"[A-Za-z0-9.+!_-]{1,50}")
_log = logging.getLogger(__name__)


class Registry(Mapping[str, _T]):
    """Things by name: our own, then those of plugins.

    Args:
        noun: What one is called in messages, such as "encoder".
        group: Group of the entry points, such as "quasar_index.encoders".
        own: Our own, by name.
        accept: Turns what an entry point names into what the registry holds, given the name, the object and the package
            ("NAME VERSION"). It raises an error that says what is wrong with the object.

    Attributes:
        own: As given.
        group: As given.
    """

    def __init__(self, noun: str, group: str, own: Mapping[str, _T], accept: Callable[[str, Any, str], _T]) -> None:
        self.own = dict(own)
        self.group = group
        self._noun = noun
        self._accept = accept
        self._listed: dict[str, EntryPoint] | None = None
        self._loaded: dict[str, _T | None] = {}

    def __getitem__(self, name: str) -> _T:
        if name in self.own:
            return self.own[name]
        found = self._plugin(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (name for name in self._entry_points() if self._plugin(name) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def package(self, name: str) -> str:
        """Return the package that brings a name, as "NAME VERSION"; empty for our own and for unknown names."""
        return _package(self._entry_points()[name]) if name not in self.own and self._plugin(name) is not None else ""

    def forget(self) -> None:
        """Look for plugins again when they are needed next, such as after an installation."""
        self._listed = None
        self._loaded.clear()

    def _entry_points(self) -> dict[str, EntryPoint]:
        """Return the entry points that may be used, by name; none of their packages is imported."""
        if self._listed is None:
            from importlib.metadata import entry_points

            found: defaultdict[str, list[EntryPoint]] = defaultdict(list)
            for one in entry_points(group=self.group):
                found[one.name].append(one)
            self._listed = {name: ones[0] for name, ones in sorted(found.items()) if self._is_free(name, ones)}
        return self._listed

    def _is_free(self, name: str, ones: list[EntryPoint]) -> bool:
        if _NAME.fullmatch(name) is None:
            self._refuse(ones[0], "a name is of lower-case letters, digits and hyphens")
        elif name in self.own:
            self._refuse(ones[0], f"quasar-index has {_article(self._noun)} of that name, which stays")
        elif len(ones) > 1:
            self._refuse(ones[0], f"{' and '.join(sorted(map(_package, ones)))} both have one of that name")
        else:
            return True
        return False

    def _plugin(self, name: str) -> _T | None:
        """Return what a plugin brings, loaded once; None where there is none, or it cannot be used."""
        if name not in self._entry_points():
            return None
        if name not in self._loaded:
            one = self._entry_points()[name]
            self._loaded[name] = None
            try:
                self._loaded[name] = self._accept(name, one.load(), _package(one))
            except (Exception, SystemExit) as error:  # whatever another package raises as it is imported
                self._refuse(one, f"{type(error).__name__}: {first_line(error)}")
        return self._loaded[name]

    def _refuse(self, one: EntryPoint, reason: str) -> None:
        # The names stand in the text itself: each plugin has a line of its own.
        _log.warning(f"the {self._noun} '{one.name}' of the plugin {_package(one)} is left out: {reason}")


def package_text(package: str) -> str:
    """Return the package that a file records, as "NAME VERSION"; empty where it does not look like one.

    The file may be a stranger's, and the text is shown to people.
    """
    name, _, version = package.partition(" ")
    return package if _PACKAGE.fullmatch(name) and _VERSION.fullmatch(version) else ""


def _package(one: EntryPoint) -> str:
    return "of no package" if one.dist is None else f"{one.dist.name} {one.dist.version}"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
