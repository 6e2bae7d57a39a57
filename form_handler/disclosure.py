"""Counts that may be published: no cell, no sum and no difference of two publications tells of fewer than five companies.

The rule is cell suppression with k = 5 and complementary suppression, as official statistics use it (Hundepool
et al., Handbook on Statistical Disclosure Control, chapter 4). A table is a partition: its cells add up to a total
that everybody knows. What a reader can compute from shown cells is the sum of the hidden ones; it, too, has to be
zero or at least k. The same holds for the differences to every earlier publication, cell by cell and for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

K = 5
Table = Mapping[str, int]


def harmless(number: int, k: int = K) -> bool:
    """Tell whether a count, or the difference of two counts, tells of nobody or of at least ``k`` companies."""
    return number == 0 or abs(number) >= k


def shown_cells(table: Table, earlier: Sequence[Table] = (), totals: Sequence[int] = (), k: int = K) -> dict[str, int]:
    """Return the cells of a partition that may be shown; all others are hidden.

    ``earlier`` holds what was shown of the same table before, ``totals`` the total of each of these publications.
    """
    shown = {key: number for key, number in table.items() if harmless(number, k)}
    for past in earlier:
        shown = {key: n for key, n in shown.items() if key not in past or harmless(n - past[key], k)}
    while not is_safe(table, shown, earlier, totals, k):
        # Hide one more: the smallest that is not zero, so that most of the picture stays.
        shown.pop(min(shown, key=lambda key: (shown[key] == 0, shown[key], key)))
    return shown


def is_safe(table: Table, shown: Table, earlier: Sequence[Table] = (), totals: Sequence[int] = (), k: int = K) -> bool:
    """Tell whether nothing that can be computed from what is shown tells of fewer than ``k`` companies."""
    total = sum(table.values())
    hidden = [key for key in table if key not in shown]
    if not all(harmless(number, k) for number in shown.values()):
        return False
    rest = total - sum(shown.values())
    if hidden and (len(hidden) == 1 or not harmless(rest, k)) and shown:
        return False
    for past, past_total in zip(earlier, totals, strict=True):
        both = shown.keys() & past.keys()
        changes = {key: shown[key] - past[key] for key in both}
        if not all(harmless(change, k) for change in changes.values()):
            return False
        if both and not harmless((total - past_total) - sum(changes.values()), k):
            return False
    return True
