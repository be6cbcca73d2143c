"""The command line, a file per group of commands: it parses arguments, calls `api` or `batch`, and prints."""
