"""Synthesis of full-reference anchors: KADIS-style distortions of pristine images."""

from .generate import SynthesisReport, synthesize
from .registry import DISTORTIONS, LEVELS, Distortion, distort
from .sheet import contact_sheet

__all__ = ["DISTORTIONS", "LEVELS", "Distortion", "SynthesisReport", "contact_sheet", "distort", "synthesize"]
