"""Fuzzing: every reader of bytes from outside either answers or raises one of our own errors."""
