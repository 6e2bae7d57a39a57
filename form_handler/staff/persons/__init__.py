"""Rights of the persons concerned: finding, copying and correcting the data of one person (GDPR)."""
