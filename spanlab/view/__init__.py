"""Pure functions of a trace: what it looks like, in words, as a picture, in a page."""
