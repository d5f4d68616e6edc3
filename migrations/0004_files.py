"""The files that callers uploaded; their bytes lie in a folder beside the database."""

from peewee import FloatField, IntegerField, Model, TextField


class File(Model):
    id = TextField(primary_key=True)
    scope = TextField()
    name = TextField()
    mime_type = TextField()
    purpose = TextField()
    bytes = IntegerField()
    digest = TextField()
    created_at = FloatField()

    class Meta:
        table_name = "files"
        # A key's files are listed in the order in which they came.
        indexes = ((("scope", "created_at", "id"), False), (("created_at",), False))


def up(migrator, db):
    with db.bind_ctx([File]):
        db.create_tables([File])
