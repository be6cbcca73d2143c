"""Retrieval: an index of texts that is searched by words and by meaning, and re-ranked by a release."""
