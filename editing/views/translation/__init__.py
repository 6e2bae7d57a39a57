"""Pages of translators: overview, German beside the translation, interface words."""
