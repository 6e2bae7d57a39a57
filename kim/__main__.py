"""``python -m kim``."""

from kim import main

main()
