"""The form service: it takes what employers send, keeps it safe and tells the office."""
