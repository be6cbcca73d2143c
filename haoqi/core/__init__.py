"""Core: what every room stands on - settings, plug-ins, errors, the run folder, the ledger, the machine, chance."""
