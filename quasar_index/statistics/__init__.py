"""Numbers: correlations, the logistic curve, bootstrap intervals, rising maps, calibration. Arrays in, numbers out."""
