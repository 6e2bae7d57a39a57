"""Pages in the browser: drafts, their effect on translations, and publication; below ``/eingang/seiten/``.

What is published is in ``docs/``; the database holds only what is not yet there. The unit is the paragraph, which is
replaced byte for byte. No request waits for git or for a build: a worker of its own publishes.
"""
