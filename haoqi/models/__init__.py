"""Models: pretrained bases, what is computed from them, predictors, and releases."""
