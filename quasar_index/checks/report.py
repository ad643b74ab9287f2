"""What the checks found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..arguments import checked

Severity: TypeAlias = Literal["error", "warning", "ok"]
MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """The answer of one check.

    Attributes:
        severity: "error": a build makes no sense; "warning": look at it; "ok".
        check: Which check: "files", "decode", "unlabelled", "labels", "outliers", "raters", "columns", "sides",
            "direction", "duplicates", "overlap", "leak" or "near-duplicates".
        data: Names of the data that it is about.
        message: What was found, and what to do where there is something to do.
        count: Number of images that it is about.
        examples: A few of them.
    """

    severity: Severity
    check: str
    data: str
    message: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """The answers of all checks.

    Attributes:
        findings: One a check and source, in the order of the checks.
        n_images: Images of the checked data.
    """

    findings: tuple[Finding, ...]
    n_images: int

    @property
    def must_stop(self) -> bool:
        """Whether a build makes no sense."""
        return any(finding.severity == "error" for finding in self.findings)

    @checked
    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)


def some(examples: Iterable[str]) -> tuple[str, ...]:
    """Return the first few examples."""
    return tuple(example for example, _ in zip(examples, range(MAX_EXAMPLES), strict=False))


def plural(count: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many}"
