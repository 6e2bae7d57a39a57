"""Counts that may be published: no sequence of publications discloses an answer of fewer than five companies.

**The rule.** Answers that the office has confirmed are counted in closed batches of at least :data:`MIN_BATCH_SIZE` companies. Each
company is in one batch only, a batch is counted once, when it is closed, and its published cells never change
afterwards – not by a correction, a withdrawal or a deletion. The published numbers are the sums of the batches. A batch
contributes to a question only cells that are safe by themselves: at least :data:`THRESHOLD` companies in the cell and at
least as many outside it, and the cells left out are none, or two or more with together at least :data:`THRESHOLD`
companies. Which cells may be left out is fixed beforehand: the first two of the table's order, or the first three, and so
on; the first of these that is safe is taken. To leave out the smallest cells would disclose their order, and with it
sometimes their size.

**Why that is enough.** Every combination of the numbers of any publications is a sum of published
cells of single batches, of their complements, or of what is left of a batch's total. These are groups of different
companies, and none of them has fewer than six members or leaves fewer than six out; without the reader's own
company these are five. So no group of fewer than five is disclosed, and no answer that everybody gave. A batch whose table is
not safe contributes nothing to that question, ever: it is not tried again together with later answers, because
that would disclose by which few answers it has become safe. When a batch is closed depends on the number of answers
alone, not on their content.

Source: cell suppression with complementary suppression, Hundepool et al., Handbook on Statistical Disclosure
Control, chapter 4; the fixed batches take the place of a comparison with each earlier publication.
"""

from collections.abc import Mapping

MIN_GROUP_SIZE = 5
# A company can subtract its own answer; five others remain.
THRESHOLD = MIN_GROUP_SIZE + 1
# From 4 * K on even a question with two answers has more than one table that is published.
MIN_BATCH_SIZE = 4 * MIN_GROUP_SIZE
Table = Mapping[str, int]


def publishable_cells(table: Table) -> dict[str, int]:
    """Return the cells of one batch's table that may be published; all others stay hidden for good.

    :param table: a partition: each company of the batch is in exactly one cell. The first cells are hidden first.
    """
    keys = list(table)
    for hidden in (0, *range(2, len(keys))):
        shown = {key: table[key] for key in keys[hidden:]}
        if is_safe(table, shown):
            return shown
    return {}


def is_safe(table: Table, shown: Table) -> bool:
    """Return whether the shown cells of a batch, their complements and the rest each hold enough companies."""
    total = sum(table.values())
    if any(number < THRESHOLD or total - number < THRESHOLD for number in shown.values()):
        return False
    hidden = [key for key in table if key not in shown]
    rest = total - sum(shown.values())
    return not shown or not hidden or (len(hidden) > 1 and rest >= THRESHOLD)
