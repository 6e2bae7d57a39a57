"""Translating in the browser: German and translation side by side, accepted paragraphs, reviewers."""
