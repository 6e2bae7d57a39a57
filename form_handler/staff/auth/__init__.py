"""Accounts of the staff area: passwords, roles, sessions, second factor, device cookies."""
