"""Submissions as the office works on them: queries, filters, changes, answers to senders."""
