"""Films that callers ordered: a row each, from the order to the film, so that it outlives who took it."""

from peewee import FloatField, IntegerField, Model, TextField


class VideoJob(Model):
    id = TextField(primary_key=True)
    scope = TextField()
    key_id = IntegerField(null=True)
    key_name = TextField()
    request_id = TextField()
    prompt = TextField()
    model = TextField()
    seconds = TextField()
    size = TextField()
    reference = TextField()
    created_at = FloatField()
    status = TextField()
    started_at = FloatField(null=True)
    completed_at = FloatField(null=True)
    attempts = IntegerField()
    film = TextField()
    error_code = TextField()
    error_message = TextField()
    owner = TextField()
    heartbeat = FloatField()

    class Meta:
        table_name = "video_jobs"
        indexes = (
            (("scope", "created_at", "id"), False),  # a key's jobs are listed in the order in which they came
            (("status", "created_at"), False),  # and taken up in that order
            (("created_at",), False),
        )


def up(migrator, db):
    with db.bind_ctx([VideoJob]):
        db.create_tables([VideoJob])
