"""The commands of ``kim``, one module for each group; ``kim/cli.py`` names them."""
