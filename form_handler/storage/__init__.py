"""Where answers live: tables, migrations, one line for all writers, and nothing acknowledged before it is on disk."""
