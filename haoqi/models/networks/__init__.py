"""Small networks over token vectors, which learn in a minute and answer without the encoder."""
