"""Which files below ``docs/`` become part of the site: pages, and files of a few kinds beside them; nothing else.

Other files beside pages (copies, locks, drafts, lists of pictures) are left out, regardless of their name.
"""

import re

# The folder of uploaded pictures; one whose name begins with the second word only decorates and has no alternative text.
UPLOADS, DECORATIVE = "assets/bilder", "schmuckbild-"
_UPLOAD = re.compile(rf"{UPLOADS}/[a-z0-9-]+\.webp")
IMAGE_SUFFIXES = frozenset({".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"})
ASSET_SUFFIXES = IMAGE_SUFFIXES | {".pdf"}
# Suffixes that other programs read as Markdown or as a page, MkDocs among them; a page of ours ends with ".md".
PAGE_LIKE_SUFFIXES = frozenset(
    {".markdown", ".mdown", ".mkdn", ".mkd", ".mdwn", ".mdx", ".md", ".htm", ".html", ".xhtml"}
)

# Names that copies, locks, conflicts and merges give: Windows, macOS, Office, Emacs, git, Nextcloud, Syncthing.
_LEFTOVER_COPY = re.compile(
    r"^[~#]|^(?:kopie|copy|sicherungskopie) (?:von|of) |~$|#$"
    r"|[ _(–-](?:kopie|copy)(?: ?\(?\d+\)?)?\)?$"
    r"|\.(?:bak|backup|orig|old|tmp|temp|rej|save|swp|sik)$"
    r"|_(?:backup|base|local|remote)_\d+$"
    r"|sync-conflict-\d+|\((?:conflicted copy|konflikt|in konflikt)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r" \(\d+\)$")


def suffix(path: str) -> str:
    """Return the ending of a file's name in lower case, with its dot; empty if it has none."""
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name.lstrip(".") else ""


def is_leftover_copy(path: str) -> bool:
    """Return whether a file is a copy, a lock or a leftover of a merge, by its name."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return bool(
        _LEFTOVER_COPY.search(stem) or _LEFTOVER_COPY.search(name) or (name.endswith(".md") and _NUMBERED.search(stem))
    )


def is_page(path: str) -> bool:
    """Return whether a file in a language's folder is a page.

    MkDocs puts ``README.md`` into the place of ``index.md``, so it is not a page.
    """
    return path.endswith(".md") and not is_leftover_copy(path) and path.rpartition("/")[2] != "README.md"


def is_asset(path: str) -> bool:
    """Return whether a file is one that is published beside pages."""
    return suffix(path) in ASSET_SUFFIXES and not is_leftover_copy(path)


def is_hidden(path: str) -> bool:
    """Return whether a file is one that editors and file managers lay beside pages; MkDocs leaves them out, too.

    :param path: from the folder of the pages, or from that of a language.
    """
    return path.startswith(".") or "/." in path


def find_uploads(text: str) -> set[str]:
    """Return the names of the uploaded pictures that a text shows."""
    return set(_UPLOAD.findall(text)) if UPLOADS in text else set()
