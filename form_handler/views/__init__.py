"""Routes of the public forms."""
