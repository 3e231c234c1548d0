"""Filters: which spans and events a recording has, or a layer of it sees."""
