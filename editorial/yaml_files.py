"""Reading YAML: safely, and with the C parser where PyYAML brings it, which is ten times as fast."""

from __future__ import annotations

from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str) -> Any:
    """Return a YAML text as data.

    :raises yaml.YAMLError: if it is none.
    """
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - both loaders are the safe ones


def compose(text: str) -> Any:
    """Return a YAML text as nodes, which know their lines; None for an empty text.

    :raises yaml.YAMLError: if it is none.
    """
    return yaml.compose(text, Loader=LOADER)


def load_and_compose(text: str) -> tuple[Any, Any]:
    """Return a YAML text as data and as nodes, which know their lines, parsed once; nothing twice for an empty text.

    :raises yaml.YAMLError: if it is none.
    """
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        return (loader.construct_document(node), node) if node is not None else (None, None)
    finally:
        loader.dispose()
