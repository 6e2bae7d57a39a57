"""Translating in the browser: German and translation side by side, what was accepted, who has reviewed a page."""
