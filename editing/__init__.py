"""Pages in the browser: drafts, their effect on translations, and publication; below ``/eingang/seiten/``.

Published files are in ``docs/``; the database holds only unpublished changes. The unit is the paragraph, which is
replaced byte for byte. No request waits for git or for a build: a worker of its own publishes.
"""
