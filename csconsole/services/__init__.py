"""Use cases: the same code for keys, the command line and the shell. No SQL, no screen, no channel."""
