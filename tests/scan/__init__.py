"""Scanning the running service from outside, as an attacker would; ``make scan`` runs it."""
