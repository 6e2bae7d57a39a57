"""Every page, every language, every look: what `make test-all` opens, and what it writes down."""
