"""The data of ``docs/data``: facts, events, search words, toolkit rules, survey results, test results."""
