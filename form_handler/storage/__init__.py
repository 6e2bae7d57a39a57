"""Storage of answers: tables, migrations, one queue for all writers, and nothing acknowledged before it is on disk."""
