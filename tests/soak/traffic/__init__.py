"""Callers of all kinds, each of which knows beforehand what it must be answered."""
