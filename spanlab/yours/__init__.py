"""The reader's own program: what its log tells, and what it cannot."""
