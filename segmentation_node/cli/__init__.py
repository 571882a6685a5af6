"""The `segmentation` command: one thin file per verb, each parses, calls one function, prints."""
