"""What to put where, so that a program uses the pool: this server's address and a key, ready to paste."""

import json
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from gemini_pool.web.links import public_base
from gemini_pool.wiring import services


@dataclass(frozen=True, slots=True)
class Snippet:
    """`how` says where it goes; empty where that is plain."""

    id: str
    title: str
    how: str
    code: str


def snippets(key: str, model: str) -> list[Snippet]:
    """For the programs that people use most, with this key and a model that it may ask for."""
    base = public_base(request, services()) or request.host_url.rstrip("/")
    return [
        Snippet("curl", "curl", "", _curl(base, key, model)),
        Snippet(
            "python", "Python", _("With the package openai: pip install openai"), _python(base, key, model)
        ),
        Snippet(
            "environment",
            _("Environment variables"),
            _("Most programs that know OpenAI read these."),
            f'export OPENAI_BASE_URL="{base}/v1"\nexport OPENAI_API_KEY="{key}"',
        ),
        Snippet(
            "cherry",
            "Cherry Studio",
            _("Settings → Model Provider → Add, of the type OpenAI."),
            f"API Key   {key}\nAPI Host  {base}",
        ),
        Snippet(
            "webui",
            "Open WebUI",
            _("Admin Panel → Settings → Connections → OpenAI API → +"),
            f"URL  {base}/v1\nKey  {key}",
        ),
        Snippet(
            "cursor",
            "Cursor",
            _("Settings → Models → API Keys. Cursor's servers ask, so this address must be public."),
            f"OpenAI API Key            {key}\nOverride OpenAI Base URL  {base}/v1\n"
            f"Custom model              {model}",
        ),
    ]


def _curl(base: str, key: str, model: str) -> str:
    body = json.dumps(
        {"model": model, "messages": [{"role": "user", "content": "Hello"}]}, ensure_ascii=False
    )
    quoted = body.replace("'", "'\\''")
    return (
        f'curl {base}/v1/chat/completions \\\n  -H "Authorization: Bearer {key}" \\\n'
        f"  -H \"Content-Type: application/json\" \\\n  -d '{quoted}'"
    )


def _python(base: str, key: str, model: str) -> str:
    return (
        f'from openai import OpenAI\n\nclient = OpenAI(\n    base_url="{base}/v1",\n    api_key="{key}",\n)\n'
        f"answer = client.chat.completions.create(\n    model={json.dumps(model)},\n"
        '    messages=[{"role": "user", "content": "Hello"}],\n)\nprint(answer.choices[0].message.content)'
    )
