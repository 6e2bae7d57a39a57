"""The mail worker: delivers mails, and deletes expired data once a day."""
