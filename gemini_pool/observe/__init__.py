"""What the program tells of itself to whoever runs it."""
