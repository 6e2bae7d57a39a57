"""Measurements beside a peer in the same run; no test asserts a time."""
