"""Addresses of stylesheets, scripts and pictures."""

import hashlib


def versioned_url(name: str, content: bytes) -> str:
    """Return the address of a file below ``/assets/``, with a version that changes with its content.

    Browsers cache versioned files for a year (``form_handler/server/static_files.py``, ``deploy/nginx.conf``).
    """
    return f"/assets/{name}?v={hashlib.sha256(content).hexdigest()[:10]}"
