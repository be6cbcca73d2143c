"""Pretraining: a base goes on learning from plain text, or begins with nothing, and becomes a base of one's own."""
