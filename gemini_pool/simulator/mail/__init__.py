"""The mail services of the simulated world: they all show the letters of its post office."""
