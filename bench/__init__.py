"""How fast the gateway is, as a ratio to the least a Flask program could do: `make bench`."""
