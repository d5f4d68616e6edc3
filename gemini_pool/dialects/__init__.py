"""The dialects callers speak: JSON in, Prompt out; events in, that dialect's JSON out.

One file a dialect. They know the middle language and their own wire, and nothing of HTTP statuses,
keys, pools or accounts.
"""
