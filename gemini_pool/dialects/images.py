"""OpenAI's pictures: requests that ask for them, in JSON or as the fields of a form, and the answer.

The service draws what it is asked for in words, so what OpenAI has fields for is said in a sentence.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gemini_pool.dialects.base import JSON, Call, Models
from gemini_pool.dialects.parts import read_picture
from gemini_pool.dialogue import FileSource, MadeFile, Model, Prompt, Role, Turn
from gemini_pool.errors import BadRequest
from gemini_pool.roster import QuotaKind

DRAWS = "gemini-image"
OPENAIS = re.compile(r"dall-e|(chat)?gpt-image")
# OpenAI's newer models know no addresses: they answer in base64 whatever they are asked.
IN_BASE64 = re.compile(r"(chat)?gpt-image")
RESPONSE_FORMATS = ("url", "b64_json")
MOST_PICTURES = 4
MOST_GIVEN = 16
MOST_PROMPT_CHARACTERS = 32_000
MOST_WORD_CHARACTERS = 64
MOST_NAME_CHARACTERS = 200
WORDS = {
    "size": "{} in size",
    "quality": "of {} quality",
    "style": "{} in style",
    "background": "with a background that is {}",
}
MASK = "The last picture is a mask of the first: change only what is transparent in it."
VARY = "Make a variation of this picture."
OUTPUT_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp", "image/gif": "gif"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A request for pictures that was read: `call` is to be asked `count` times, a picture each.

    `revised` is what was asked where that is not what the caller wrote.
    """

    call: Call
    count: int
    in_base64: bool
    revised: str


def read_generation(body: JSON, models: Models) -> Drawing:
    """Pictures from words; BadRequest or UnknownModel, as for the others."""
    return _drawing(body, models, _prompt(body), ())


def read_edit(body: JSON, models: Models) -> Drawing:
    """Pictures from pictures and words."""
    pictures = _pictures(body)
    mask = (read_picture(body["mask"], "mask"),) if body.get("mask") else ()
    return _drawing(body, models, _prompt(body), (*pictures, *mask), MASK if mask else "")


def read_variation(body: JSON, models: Models) -> Drawing:
    """Pictures from a picture, without a word of the caller's."""
    pictures = _pictures(body)
    if len(pictures) > 1:
        raise BadRequest(f"A variation is of one picture; these are {len(pictures)}.", param="image")
    return _drawing(body, models, "", pictures, VARY)


def write_pictures(
    drawing: Drawing, created: int, pictures: Sequence[MadeFile], link: Callable[[MadeFile], str]
) -> bytes:
    """The answer as one JSON body; `created` in epoch seconds."""
    about = {"revised_prompt": drawing.revised} if drawing.revised else {}
    answer: dict[str, Any] = {
        "created": created,
        "data": [{**_shown(drawing, picture, link), **about} for picture in pictures],
    }
    forms = {OUTPUT_FORMATS.get(picture.mime_type) for picture in pictures}
    if len(forms) == 1 and None not in forms:
        answer["output_format"] = forms.pop()
    return orjson.dumps(answer)


def _shown(drawing: Drawing, picture: MadeFile, link: Callable[[MadeFile], str]) -> dict[str, str]:
    if drawing.in_base64:
        return {"b64_json": base64.b64encode(picture.path.read_bytes()).decode()}
    return {"url": link(picture)}


def _drawing(
    body: JSON, models: Models, asked: str, pictures: tuple[FileSource, ...], told: str = ""
) -> Drawing:
    """Our own words go below the caller's."""
    if body.get("stream") not in (None, False, "false", ""):
        raise BadRequest("Pictures are not streamed here. Ask without `stream`.", param="stream")
    name = _word(body, "model", MOST_NAME_CHARACTERS)
    form = _word(body, "response_format") or ("b64_json" if IN_BASE64.match(name) else "url")
    if form not in RESPONSE_FORMATS:
        raise BadRequest("`response_format` must be url or b64_json.", param="response_format")
    ours = " ".join(filter(None, [told, _wishes(body)]))
    text = "\n\n".join(filter(None, [asked, ours]))
    prompt = Prompt(_model(name, models), (Turn(Role.USER, text),), must_make=True)
    # What draws says nothing of the model that this caller prefers, so it does not count as named.
    call = Call(prompt, named=False, files=(pictures,))
    return Drawing(call, _count(body), form == "b64_json", text if ours else "")


def _model(name: str, models: Models) -> Model:
    """The model of this name; OpenAI's own names mean ours that draws."""
    model = models.resolve(DRAWS if not name or OPENAIS.match(name) else name)
    if model.kind is not QuotaKind.IMAGES:
        raise BadRequest(f"The model `{name}` does not draw. Ask for `{DRAWS}`.", param="model")
    return model


def _prompt(body: JSON) -> str:
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadRequest("`prompt` is missing: say in words what to draw.", param="prompt")
    if len(prompt) > MOST_PROMPT_CHARACTERS:
        raise BadRequest(
            f"`prompt` may have up to {MOST_PROMPT_CHARACTERS:,} characters; this has {len(prompt):,}.",
            param="prompt",
        )
    return prompt


def _pictures(body: JSON) -> tuple[FileSource, ...]:
    """The pictures to begin with: `images` as OpenAI's JSON has them, `image` as its forms do."""
    field = "images" if body.get("images") else "image"
    given = body.get(field) or []
    entries = given if isinstance(given, list) else [given]
    if not 1 <= len(entries) <= MOST_GIVEN:
        raise BadRequest(
            f"`{field}` must hold 1 to {MOST_GIVEN} pictures; these are {len(entries)}.", param=field
        )
    return tuple(read_picture(entry, f"{field}[{at}]") for at, entry in enumerate(entries))


def _count(body: JSON) -> int:
    given = body.get("n")
    text = "1" if given in (None, "") else str(given)
    if text not in map(str, range(1, MOST_PICTURES + 1)):
        raise BadRequest(f"`n` must be a whole number from 1 to {MOST_PICTURES}.", param="n")
    return int(text)


def _wishes(body: Mapping[str, Any]) -> str:
    given = {field: _word(body, field) for field in WORDS}
    told = [WORDS[field].format(word) for field, word in given.items() if word not in ("", "auto")]
    return f"Make it {', '.join(told)}." if told else ""


def _word(body: JSON, field: str, most: int = MOST_WORD_CHARACTERS) -> str:
    """A short string, or none."""
    word = body.get(field)
    if word is None:
        return ""
    if not isinstance(word, str) or len(word) > most or not word.isprintable():
        raise BadRequest(f"`{field}` must be a string of up to {most} printable characters.", param=field)
    return word.strip()
