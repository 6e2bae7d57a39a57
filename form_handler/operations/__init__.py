"""Information for operators: logs, health, metrics."""
