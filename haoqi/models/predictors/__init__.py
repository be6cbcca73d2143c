"""Predictors: the forms a fitted model can take, one file each, and how each lies on disk."""
