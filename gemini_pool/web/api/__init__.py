"""The admin API: what the console's pages and other programs ask of the pool; a file for each subject."""
