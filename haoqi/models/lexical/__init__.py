"""Lexical features: n-grams, the shapes of words, and the scripts that texts are written in."""
