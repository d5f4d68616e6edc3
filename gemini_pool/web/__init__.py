"""HTTP: blueprints, and the edge that every request passes on its way in and out."""
