"""The views of one submission; each module has routes below ``/v/<reference>/``."""
