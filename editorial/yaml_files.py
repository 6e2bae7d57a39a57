"""Reading YAML: safely, and with the C parser where PyYAML brings it, which is ten times as fast.

PyYAML is loaded by the first text that is read: a build for which none is comes without it. Its names are had from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml import MappingNode as MappingNode
    from yaml import ScalarNode as ScalarNode
    from yaml import YAMLError as YAMLError

NAMES = ("MappingNode", "ScalarNode", "YAMLError")


def __getattr__(name: str) -> Any:
    """Return one of PyYAML's names (PEP 562)."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import yaml

    globals()[name] = getattr(yaml, name)
    return globals()[name]


def load(text: str) -> Any:
    """Return a YAML text as data.

    :raises YAMLError: if it is none.
    """
    return load_and_compose(text)[0]


def compose(text: str) -> Any:
    """Return a YAML text as nodes, which know their lines; None for an empty text.

    :raises YAMLError: if it is none.
    """
    import yaml

    return yaml.compose(text, Loader=_loader())


def load_and_compose(text: str) -> tuple[Any, Any]:
    """Return a YAML text as data and as nodes, which know their lines, parsed once; nothing twice for an empty text.

    :raises YAMLError: if it is none.
    """
    loader = _loader()(text)
    try:
        node = loader.get_single_node()
        return (loader.construct_document(node), node) if node is not None else (None, None)
    finally:
        loader.dispose()


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
