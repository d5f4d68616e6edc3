"""widgetListSessionFileMetadata: what files a session holds."""

from types import MappingProxyType
from typing import Any

from gemini_pool.simulator import checks
from gemini_pool.simulator.chat import Ask
from gemini_pool.simulator.files import MadeFile, Origin, SimFile
from gemini_pool.simulator.moments import written
from gemini_pool.simulator.refusal import invalid
from gemini_pool.simulator.script import Script, json_reply
from gemini_pool.simulator.sessions import Session

_ALL: tuple[Origin, ...] = ("USER_UPLOADED", "AI_GENERATED")
_FILTERS: MappingProxyType[str, tuple[Origin, ...]] = MappingProxyType(
    {"": _ALL, **{f"file_origin_type = {origin}": (origin,) for origin in _ALL}}
)
_QUOTA = 0.1  # percent of what a session may hold, for each file


def list_session_file_metadata(ask: Ask) -> Script:
    """All files of the session, or those of one origin; a session without any gives an empty object."""
    checks.known_only(ask.body, {"name", "filter"}, "listSessionFileMetadataRequest")
    name, wanted = checks.required(ask.body, "name", str), checks.optional(ask.body, "filter", "")
    if wanted not in _FILTERS:
        raise invalid(f'Invalid value at "filter": "{wanted}".')
    session = ask.world.book.existing(name, ask.account)
    held: tuple[SimFile | MadeFile, ...] = (*session.files.values(), *session.made.values())
    listed = [_metadata(file, session) for file in held if file.origin in _FILTERS[wanted]]
    told = {"fileMetadata": listed, "totalQuotaPercentage": _QUOTA * len(listed)} if listed else {}
    return json_reply({"listSessionFileMetadataResponse": told})


def _metadata(file: SimFile | MadeFile, session: Session) -> dict[str, Any]:
    return {
        "fileId": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "byteSize": str(file.size),
        "tokenCount": str(file.tokens),
        "quotaPercentage": _QUOTA,
        "downloadUri": f"https://example.com/files/{file.id}",  # no client goes there
        "uploadTime": written(file.at),
        "fileOriginType": file.origin,
        "session": session.full_name,
        "selected": False,
        "usedInConversation": True,
    }
