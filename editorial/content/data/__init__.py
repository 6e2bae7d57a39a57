"""What lies in ``docs/data``: facts, events, search words, toolkit rules, survey results, test results."""
