"""Films as jobs, in OpenAI's form: ordered, looked after, listed, fetched, deleted; each key has its own."""

import time
from datetime import timedelta

from flask import Blueprint, Response, g, request

from gemini_pool.dialects.base import JSON
from gemini_pool.dialects.videos import REFERENCE, VideoOrder, read_order, unfolded
from gemini_pool.dialogue import FileSource, Role, Turn
from gemini_pool.errors import BadRequest, NoSuchVideo
from gemini_pool.store.videos import VideoJob, VideoStatus
from gemini_pool.web.cors import let_browsers_call
from gemini_pool.web.edge import fresh_id, read_json, reply_json
from gemini_pool.web.forms import FORM, PIECE
from gemini_pool.web.keys import callers_models, require_key
from gemini_pool.web.limits import keep_limits
from gemini_pool.web.media import made_file
from gemini_pool.web.origin import journal_refused
from gemini_pool.web.paging import after, limit_of, newest_first, reply_page
from gemini_pool.web.uploads import Upload, keep, received_form
from gemini_pool.wiring import Services, services

bp = Blueprint("videos", __name__, url_prefix="/v1/videos")
bp.before_request(require_key)
bp.before_request(keep_limits)
bp.after_request(let_browsers_call)
bp.after_request(journal_refused)

MOST_LISTED = 100
LISTED = 20
FOLDER = "video"
PURPOSE = "vision"  # of the files that come with an order
# What the service makes where the caller leaves it open; clients insist on being told something.
USUAL_SECONDS = "8"
USUAL_SIZE = "1280x720"
# The service does not tell how far it is. After so long it is thought to be half way.
HALF_WAY_SECONDS = 60.0
NEARLY_DONE = 99


@bp.post("")
def order() -> Response:
    """Take an order; the film is made when the request is long over."""
    s = services()
    s.admission.enter()
    try:
        job = _ordered_by_form(s) if request.mimetype == FORM else _ordered(read_json(), s)
    finally:
        s.admission.leave()
    s.films.wake()
    return reply_json(_shown(job, s))


@bp.get("")
def videos() -> Response:
    """This key's orders, the newest first unless it asks otherwise."""
    s = services()
    limit = limit_of(most=MOST_LISTED, default=LISTED)
    found = s.videos.list(g.key.scope, limit=limit + 1, newest_first=newest_first(), after=after())
    return reply_page([_shown(job, s) for job in found], limit)


@bp.get("/<video_id>")
def video(video_id: str) -> Response:
    """How far an order is."""
    s = services()
    return reply_json(_shown(s.videos.get(video_id, g.key.scope), s))


@bp.delete("/<video_id>")
def delete(video_id: str) -> Response:
    """Forget an order, and the film; one that is being made is made no further."""
    s = services()
    job = s.videos.delete(video_id, g.key.scope)
    if job.film:
        s.shelf.delete(FOLDER, job.film)
    return reply_json({"id": video_id, "object": "video.deleted", "deleted": True})


@bp.get("/<video_id>/content")
def content(video_id: str) -> Response:
    """The film, or the part of it that is asked for."""
    s = services()
    job = s.videos.get(video_id, g.key.scope)
    if (request.args.get("variant") or "video") != "video":
        raise BadRequest("There is the film alone: `variant` must be `video`, or left out.", param="variant")
    if job.status != VideoStatus.COMPLETED.value:
        raise NoSuchVideo(_not_there(job), code="video_not_ready")
    response = made_file(FOLDER, job.film, s.settings.video_hours)
    if response is None:
        raise NoSuchVideo(
            f"The film of {video_id} is not kept any more: films are deleted after VIDEO_HOURS, or "
            "earlier when there is no room. Order it again.",
            code="video_expired",
        )
    response.headers["x-content-type-options"] = "nosniff"
    return response


def _not_there(job: VideoJob) -> str:
    if job.status == VideoStatus.FAILED.value:
        return f"There is no film, since it could not be made: {job.error_message}"
    return f"The film is not made yet ({job.status}). GET /v1/videos/{job.id} tells when it is `completed`."


def _ordered_by_form(s: Services) -> VideoJob:
    """The official client always sends a form, since a picture to go by may be in it."""
    with received_form(s, g.key.scope) as form:
        order = read_order(unfolded(form.fields), callers_models())
        file = next((one for one in form.files if one.field == REFERENCE), None)
        if file is None:
            return _kept(order, _reference(order, s), s)
        upload = Upload(file.incoming, file.name or REFERENCE, file.mime_type, PURPOSE)
        return _kept(order, keep(upload, s, g.key.scope).id, s)


def _ordered(body: JSON, s: Services) -> VideoJob:
    order = read_order(body, callers_models())
    return _kept(order, _reference(order, s), s)


def _reference(order: VideoOrder, s: Services) -> str:
    """The id of the file to go by: it must be there when the film is made, whatever happens until then."""
    source = order.reference
    if source is None:
        return ""
    if source.file_id:
        return s.files.get(source.file_id, g.key.scope).id
    return _fetched(source, s)


def _fetched(source: FileSource, s: Services) -> str:
    """A file that was named otherwise, as one that was uploaded."""
    gathered = s.gather((Turn(Role.USER, ""),), ((source,),), g.key.scope)
    try:
        (file,) = gathered.turns[0].files
        with s.depot.incoming() as incoming, file.path.open("rb") as content:
            while piece := content.read(PIECE):
                incoming.write(piece)
            return keep(Upload(incoming, file.name, file.mime_type, PURPOSE), s, g.key.scope).id
    finally:
        gathered.close()


def _kept(order: VideoOrder, reference: str, s: Services) -> VideoJob:
    job = VideoJob(
        id=fresh_id("video_"),
        scope=g.key.scope,
        key_id=g.key.id,
        key_name=g.key.name,
        request_id=g.request_id,
        prompt=order.prompt,
        model=order.model,
        seconds=order.seconds,
        size=order.size,
        reference=reference,
        created_at=time.time(),
    )
    s.videos.add(job)
    return job


def _shown(job: VideoJob, s: Services) -> dict[str, object]:
    error = {"code": job.error_code, "message": job.error_message} if job.error_message else None
    return {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": job.status,
        "progress": _progress(job),
        "created_at": int(job.created_at),
        "completed_at": int(job.completed_at) if job.completed_at else None,
        "expires_at": _expires_at(job, s),
        "prompt": job.prompt,
        "seconds": job.seconds or USUAL_SECONDS,
        "size": job.size or USUAL_SIZE,
        "error": error,
        "remixed_from_video_id": None,
    }


def _progress(job: VideoJob) -> int:
    """In percent; while the film is being made, a guess by the time that it has taken."""
    if job.status == VideoStatus.COMPLETED.value:
        return 100
    if job.status != VideoStatus.IN_PROGRESS.value or job.started_at is None:
        return 0
    taken = max(0.0, time.time() - job.started_at)
    return int(NEARLY_DONE * taken / (taken + HALF_WAY_SECONDS))


def _expires_at(job: VideoJob, s: Services) -> int | None:
    """When the film goes, or the order with it."""
    if not job.film or job.completed_at is None:
        return None
    forgotten = job.created_at + timedelta(days=s.settings.file_days).total_seconds()
    hours = s.settings.video_hours
    swept = job.completed_at + timedelta(hours=hours).total_seconds() if hours >= 0 else forgotten
    return int(min(swept, forgotten))
