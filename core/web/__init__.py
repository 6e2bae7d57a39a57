"""Output that build and service share: versioned addresses, CSP hashes, QR codes."""
