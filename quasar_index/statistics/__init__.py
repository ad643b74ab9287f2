"""Numbers: correlations, the logistic curve, bootstrap intervals, rising maps, calibration. Arrays in, numbers out."""

from .correlation import Correlations, correlate, krcc, plcc, rmse, srcc

__all__ = ["Correlations", "correlate", "krcc", "plcc", "rmse", "srcc"]
