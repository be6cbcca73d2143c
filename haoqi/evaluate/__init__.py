"""How good a model is, how sure that is, whether another is better, and where it errs.

A metric gives statistics per example that add up (`metric.py`, one file each in `metrics/`). On these sums stand
the interval of a score (`intervals.py`) and the paired test of two models (`comparison.py`). `evidence.py` bundles
what a release keeps and a report draws: scores, confusion, calibration and mistakes.
"""
