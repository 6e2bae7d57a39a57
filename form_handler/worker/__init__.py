"""The mail worker: delivers mails, and deletes once a day what is past its retention."""
