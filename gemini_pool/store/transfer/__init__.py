"""Accounts, and all else, in and out: what is pasted or put in a file, in whatever program's form.

`reading` splits a text in pieces and gives each to its format, a file here and a row of its table. `fields`
knows what other programs call things. `plan` compares what was found with what is there. `document` is the
program's own file, `everything` writes it and takes it over.
"""
