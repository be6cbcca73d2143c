"""Forms: ways to compute a released encoder quickly, one file each; the fastest that answers alike is chosen."""
