"""What learns beside a frozen encoder, a file per kind: how it is put in, taken out, and used for answers."""
