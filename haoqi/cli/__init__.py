"""The command line, a file per group of commands: it reads words, calls the hall and draws; it computes nothing."""
