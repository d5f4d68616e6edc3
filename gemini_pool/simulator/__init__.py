"""The outside world in one process: a strict stand-in for the Gemini Business service.

It knows the wire protocol and nothing of the product: no import from `gemini_pool` outside this folder.
Start it with `server.Simulator`; change what accounts do with `World.behave` or `POST /_sim/behaviour`.
"""
