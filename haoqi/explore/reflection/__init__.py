"""Why the champion fails: its diagnostics, and lessons that experiments confirm or refute."""
