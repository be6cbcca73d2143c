"""Encoders: how a text becomes model input, and what a pretrained encoder makes of it."""
