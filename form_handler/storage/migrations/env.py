"""Alembic's way in; the connection comes from :mod:`form_handler.storage.migrate`."""

from alembic import context

from form_handler.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
