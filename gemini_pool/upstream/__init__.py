"""The one room that speaks the private protocol of Gemini Business.

It turns a Prompt into calls, and bytes into events. It knows nothing of pools, callers or stores.
"""
