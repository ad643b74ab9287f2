"""Checks of labelled images before an index is built of them: files, labels, direction, duplicates, leaks."""

from .check import check_sources
from .overlap import NEAR
from .reading import read_sources
from .report import CheckReport, Finding, Severity

__all__ = ["NEAR", "CheckReport", "Finding", "Severity", "check_sources", "read_sources"]
