"""Bytes to characters: which encoding a file is in, how sure that is, and characters that no encoding can write."""
