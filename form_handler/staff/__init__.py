"""The staff area ``/eingang/``: log-in, inbox, one submission, people's rights, charts, exports. German and English."""
