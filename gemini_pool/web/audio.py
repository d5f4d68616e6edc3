"""OpenAI's route for transcriptions: a recording goes in as a file, what is said in it comes out as text."""

from contextlib import ExitStack, closing

from flask import Blueprint, Response

from gemini_pool.dialects.transcription import Transcription, read_transcription, write_transcription
from gemini_pool.dialogue import TextDelta
from gemini_pool.errors import BadRequest
from gemini_pool.web.answering import Ticket, watched
from gemini_pool.web.cors import let_browsers_call
from gemini_pool.web.forms import FormFile, announced_bytes, heard_out, read_form
from gemini_pool.web.keys import callers_models, require_key
from gemini_pool.web.limits import keep_limits
from gemini_pool.web.origin import journal_refused, origin
from gemini_pool.web.uploads import MOST_PARTS, file_of
from gemini_pool.wiring import Services, services

bp = Blueprint("audio", __name__, url_prefix="/v1/audio")
bp.before_request(require_key)
bp.before_request(keep_limits)
bp.after_request(let_browsers_call)
bp.after_request(journal_refused)


@bp.post("/transcriptions")
def transcriptions() -> Response:
    """Write down what is said in a recording."""
    s = services()
    with ExitStack() as stack:
        s.admission.enter()
        stack.callback(s.admission.leave)
        with heard_out():
            s.depot.check_size(announced_bytes())
            form = read_form(s.depot, stack, most_files=1, most_parts=MOST_PARTS)
            file = file_of(form, "file")
            if file is None:
                raise BadRequest("No recording: the form needs a part `file`.", param="file")
            asked = read_transcription(form.fields, file.incoming.id, callers_models())
        body, mime_type = write_transcription(asked, _said(asked, file, s))
    return Response(body, content_type=mime_type)


def _said(asked: Transcription, recording: FormFile, s: Services) -> str:
    with Ticket(s, origin(), asked.call) as ticket:
        prompt = ticket.prompt({recording.incoming.id: recording.attachment})
        text = []
        with closing(ticket.ask(prompt, watched(s, ticket.held))) as answer:
            for event in answer:
                ticket.meter.add(event)
                if isinstance(event, TextDelta):
                    text.append(event.text)
        return "".join(text)
