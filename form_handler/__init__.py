"""The form service: forms, inbox for the office, mails, survey."""

PRIVACY_PATH = "datenschutz/"  # the page with the full privacy notice, below a language's root
