"""The parts of the report, a file each; each draws itself from the story, or is left out."""
