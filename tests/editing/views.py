"""An address for each page of the editor; the accessibility tests open all of them."""

from __future__ import annotations

from collections.abc import Iterable

from core.project import keeps_shared_pages
from tests.municipality import language_like

# By route below ``/eingang/``: addresses on the small tree of pages with a draft of de/seite-5, each state that looks different.
# A route that is not named here is opened with the German page, or with a link.
VIEWS = {
    "seiten/": ["seiten/", "seiten/?what=draft"],
    "seiten/<lang>/<path:key>/": ["seiten/de/seite-5/", "seiten/de/seite-5/?absatz=a.1", "seiten/ar/seite-5/", "seiten/ar/seite-5/?absatz=a.1"],
    "seiten/veroeffentlichungen/": ["seiten/veroeffentlichungen/"],
    "seiten/verlauf/<lang>/<path:key>/": ["seiten/verlauf/de/seite-5/"],
    "seiten/veroeffentlichen/<lang>/<path:key>/": ["seiten/veroeffentlichen/de/seite-5/"],
    "seiten/abschnitt/<lang>/<path:key>/": ["seiten/abschnitt/de/seite-5/?section=mehr", "seiten/abschnitt/ar/seite-5/?section=mehr"],
    "seiten/quelltext/<lang>/<path:key>/": ["seiten/quelltext/de/seite-5/"],
    "seiten/verwerfen/<lang>/<path:key>/": ["seiten/verwerfen/de/seite-5/"],
    "seiten/rueckgaengig/<number>/": [],  # opened in the journey of a clerk
    "seiten/vorlage/<lang>/<path:key>/": ["seiten/vorlage/de/seite-3/", "seiten/vorlage/de/seite-0/"],
    "seiten/kopf/<lang>/<path:key>/": ["seiten/kopf/de/seite-5/", "seiten/kopf/ar/seite-5/"],
    "seiten/angaben/": ["seiten/angaben/"],
    "seiten/angaben/<kind>/": ["seiten/angaben/links/", "seiten/angaben/contacts/"],
    "seiten/angaben/<kind>/<key>/": ["seiten/angaben/links/bamf/", "seiten/angaben/amounts/minimum-wage-2026/"],
    "seiten/angaben/<kind>/<key>/entfernen/": ["seiten/angaben/links/bamf/entfernen/"],
    "seiten/offen/": ["seiten/offen/"],
    "uebersetzen/": ["uebersetzen/", "uebersetzen/?language=ar"],
    "uebersetzen/<lang>/<path:key>/": ["uebersetzen/ar/seite-5/", "uebersetzen/ar/seite-7/?absatz=a.0", f"uebersetzen/{language_like('uk')}/seite-5/"],
    "uebersetzen/woerter/<lang>/": ["uebersetzen/woerter/ar/", "uebersetzen/woerter/ar/?q=page"] if keeps_shared_pages() else [],
}  # fmt: skip


def addresses_of(routes: Iterable[str]) -> list[str]:
    """Return the addresses at which the pages of some routes are opened."""
    found: list[str] = []
    for route in routes:
        address = (
            route.replace("<lang>/<path:key>", "de/seite-5")
            .replace("<kind>/<key>", "links/bamf")
            .replace("<kind>", "links")
        )
        found += VIEWS.get(route, [] if "<" in address else [address])
    return found
