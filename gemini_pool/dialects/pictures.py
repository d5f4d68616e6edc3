"""How a file that the model made is shown in an answer's content."""

import base64
from typing import Any

from gemini_pool.dialects.base import Heading
from gemini_pool.dialogue import MadeFile

# Text for the content, or a list of parts for clients that want pictures as such.
Shown = str | list[dict[str, Any]]


def show(file: MadeFile, heading: Heading) -> Shown:
    """The file in the form that the answer has; a film is always linked, since it is too large for more."""
    link = heading.link(file)
    if file.folder == "video":
        return f"\n[{file.name}]({link})\n" if heading.image_format != "url" else f"\n{link}\n"
    if heading.image_format == "array":
        return [{"type": "image_url", "image_url": {"url": link}}]
    if heading.image_format == "url":
        return f"\n{link}\n"
    if heading.image_format == "base64":
        link = f"data:{file.mime_type};base64,{base64.b64encode(file.path.read_bytes()).decode()}"
    return f"\n![image]({link})\n"


def as_text(shown: Shown) -> str:
    """What stands for the file in the answer's text: what a caller sends back of a part is no text."""
    return shown if isinstance(shown, str) else ""
