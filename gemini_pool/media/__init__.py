"""Files: those that callers name, and those that the service makes."""
