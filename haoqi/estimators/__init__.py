"""The scikit-learn interface: estimators that take texts, or pairs of texts, and look for their own best model."""
