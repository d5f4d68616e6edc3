"""What outlives the process: accounts and what they have done, keys, models, conversations, saved settings,
the call journal and what it comes to, the changes of admins, the newest lines of the log.

The only room that knows peewee and Fernet. It gives and takes the values of rung 0 and knows nothing of
callers, pools or the network.
"""
