"""Background jobs: what is done again and again, in exactly one process."""
