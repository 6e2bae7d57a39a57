"""The gunicorn server: buffered worker, static files, entry point."""
