"""The search: plans are proposed, run, tested against the champion and recorded, in ten rooms."""
