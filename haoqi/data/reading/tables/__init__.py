"""Tables: how a text is cut into cells, what its columns hold, which is the text and which the label."""
