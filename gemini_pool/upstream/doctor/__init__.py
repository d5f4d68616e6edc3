"""The doctor: walks the real service with one account, and holds what it sees against what we believe.

Nobody has watched the service from here; what the program knows of it was learnt from others. So the
doctor looks at everything, understands as much as it can, and says nothing that could not be shown to
the world: forms of values, never values.
"""
