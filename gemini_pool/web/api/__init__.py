"""The admin API: everything the console can do, for programs as well. One subject a file."""
