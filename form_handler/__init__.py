"""The form service: forms, inbox for the office, mails, survey."""
