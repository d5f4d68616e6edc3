"""The models the service is known to answer with, under all names that callers use for them."""

import json

CREATED = 1767225600  # 2026-01-01; it must never change, since clients compare lists

# id, name upstream (None: the service chooses), kind, further names, what it is
MODELS = [
    ("gemini-auto", None, "text", ["auto", "local-gemini-auto"], "The service chooses the model."),
    ("gemini-enterprise", None, "text", [], "The service chooses the model."),
    ("gemini-2.5-flash", "gemini-2.5-flash", "text", [], "Fast."),
    ("gemini-2.5-pro", "gemini-2.5-pro", "text", [], "Thorough."),
    ("gemini-3-flash-preview", "gemini-3-flash-preview", "text", ["gemini-3-flash"], "Fast, preview."),
    ("gemini-3.1-pro-preview", "gemini-3.1-pro-preview", "text", ["gemini-3.1-pro"], "Thorough, preview."),
    ("gemini-3-pro-preview", "gemini-3-pro-preview", "text", ["gemini-3-pro"], "Older; perhaps withdrawn."),
]  # fmt: skip
# Pictures and films are not fetched yet, so that these are listed for the operator and offered to nobody.
SWITCHED_OFF = [
    ("gemini-image", None, "images", ["gemini-imagen", "nano-banana-2", "gemini-3.1-flash-image"], "Draws."),
    ("gemini-video", None, "videos", ["gemini-veo", "veo-3.1-lite-generate"], "Makes a film."),
]  # fmt: skip


def up(migrator, db):
    rows = [(*row, True) for row in MODELS] + [(*row, False) for row in SWITCHED_OFF]
    for position, (name, upstream, kind, aliases, about, enabled) in enumerate(rows):
        db.execute_sql(
            "INSERT INTO models (id, upstream_id, kind, aliases, about, enabled, position, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (name, upstream, kind, json.dumps(aliases), about, enabled, position, CREATED),
        )
