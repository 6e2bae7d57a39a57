"""``python -m kim``."""

from kim import run

run()
