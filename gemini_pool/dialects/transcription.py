"""OpenAI's transcriptions: a form -> a prompt that asks for every word of a recording, and its answer.

The service tells no times, so formats that are made of times cannot be had.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from gemini_pool.dialects.base import Call, Models
from gemini_pool.dialogue import FileSource, Prompt, Role, Turn
from gemini_pool.errors import BadRequest

FORMATS = ("json", "text", "verbose_json")
# OpenAI's own names; whoever leaves one of them in his client means whatever can hear.
HEARING = ("whisper", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe")
MOST_WORDS_CHARACTERS = 4000
ASK = "Write down word for word what is said in the attached recording. Answer with that and nothing else."


@dataclass(frozen=True, slots=True)
class Transcription:
    """What is asked, and the form that the text is wanted in."""

    call: Call
    form: str
    language: str


def read_transcription(fields: Mapping[str, str], file_id: str, models: Models) -> Transcription:
    """The fields of a form, whose recording has this id; BadRequest or UnknownModel."""
    form = fields.get("response_format") or "json"
    if form not in FORMATS:
        raise BadRequest(
            f"`response_format` must be one of {', '.join(FORMATS)}: the service tells no times.",
            param="response_format",
        )
    if fields.get("stream", "").lower() in ("true", "1"):
        raise BadRequest("A transcription comes as a whole: leave `stream` out.", param="stream")
    name = fields.get("model")
    model = models.resolve(None if not name or name.startswith(HEARING) else name)
    language = _short(fields, "language")
    words = _short(fields, "prompt")
    text = " ".join(
        (
            ASK,
            *([f"The language is {language}."] if language else ()),
            *([f"Words that may occur in it, and how they are written: {words}"] if words else ()),
        )
    )
    prompt = Prompt(model, (Turn(Role.USER, text),))
    call = Call(prompt, files=((FileSource("file", file_id=file_id),),))
    return Transcription(call, form, language)


def write_transcription(asked: Transcription, text: str) -> tuple[bytes, str]:
    """The answer, and its MIME type."""
    text = text.strip()
    if asked.form == "text":
        return f"{text}\n".encode(), "text/plain; charset=utf-8"
    if asked.form == "json":
        return orjson.dumps({"text": text}), "application/json"
    # Clients insist on a length and a language, of which the service tells nothing.
    verbose = {
        "task": "transcribe",
        "language": asked.language or "unknown",
        "duration": 0.0,
        "text": text,
        "segments": [],
    }
    return orjson.dumps(verbose), "application/json"


def _short(fields: Mapping[str, str], name: str) -> str:
    text = " ".join(fields.get(name, "").split())
    if len(text) > MOST_WORDS_CHARACTERS:
        raise BadRequest(f"`{name}` may have up to {MOST_WORDS_CHARACTERS} characters.", param=name)
    return text
