"""Publishing drafts: their records in the database, the files as they will be, git, the remote, the worker."""
