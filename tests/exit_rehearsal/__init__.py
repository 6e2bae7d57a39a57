"""The way out, walked: the same site from MkDocs' successor, and the texts in Zensical; run by `make rehearse-exit`."""
