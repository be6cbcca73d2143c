"""What a search starts from: its context, bases, text lengths, budget clock and run folder."""
