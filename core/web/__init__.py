"""What browsers get from the build and the service alike: versioned addresses, CSP hashes, QR codes."""
