"""Trimming: smaller copies of bases, with the vocabulary that the data can need."""
