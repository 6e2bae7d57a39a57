"""The state of every translation by digests: missing, stale, reviewed; exchange with translators; machine drafts.

Everything is computed from the pages and ``docs/translations.lock.yml``, never from git. Other packages use

- :func:`editorial.translations.state.translation_states` – the state of every page in every language,
- :func:`editorial.translations.lockfile.check_lock` – errors of the lock file,
- :func:`editorial.translations.stale_markers.insert_stale_markers` and ``show_changed`` – the notes on stale paragraphs that readers see.
"""
