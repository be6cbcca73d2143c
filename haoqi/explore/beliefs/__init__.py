"""What a plan will score, with doubt: the surrogate, the transfer prior, and what a result would be worth."""
