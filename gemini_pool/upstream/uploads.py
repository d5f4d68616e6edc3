"""Files of a prompt on their way into a session, read from our disk piece by piece while they are sent."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import orjson

from gemini_pool.dialogue import Attachment, FileSent, Turn, Waiting
from gemini_pool.errors import BadReply, FileRefused
from gemini_pool.roster import Account
from gemini_pool.upstream.calls import Calls, Contents
from gemini_pool.upstream.refusals import refusal_of_reply
from gemini_pool.upstream.transport import Transport

PIECE_BYTES = 48 * 1024  # divides by three
# The service reads a file before it answers.
FIRST_BYTE_SECONDS = 60.0


class Uploads:
    """Brings the files of turns into sessions. Thread-safe."""

    def __init__(self, transport: Transport, calls: Calls) -> None:
        self._transport = transport
        self._calls = calls

    def bring(
        self, account: Account, bearer: str, session: str, turns: Sequence[Turn], known: Mapping[str, str]
    ) -> Waiting[tuple[FileSent, ...]]:
        """All files of these turns, each once; those whose digest is `known` lie there already.

        Raises FileRefused, which names the file, or another UpstreamError.
        """
        files = {file.digest: file for turn in turns for file in turn.files}
        brought = []
        for digest, file in files.items():
            file_id = known.get(digest) or (yield from self._send(account, bearer, session, file))
            brought.append(FileSent(digest, file_id))
        return tuple(brought)

    def _send(self, account: Account, bearer: str, session: str, file: Attachment) -> Waiting[str]:
        contents = Contents(file.size, lambda: _pieces(file.path))
        call = self._calls.add_file(account, bearer, session, file.name, file.mime_type, contents)
        reply = yield from self._transport.post(call.url, call.headers, call.body, first=FIRST_BYTE_SECONDS)
        if reply.status != 200:
            error = refusal_of_reply(reply.status, reply.headers, reply.body)
            raise _about(file) if isinstance(error, FileRefused) else error
        try:
            return str(orjson.loads(reply.body)["addContextFileResponse"]["fileId"])
        except (ValueError, KeyError, TypeError):
            raise BadReply("The service took a file but gave it no id.") from None


def _about(file: Attachment) -> FileRefused:
    advice = file.advice or "convert it to PDF, an image or plain text"
    return FileRefused(
        f"The service does not take the file `{file.name}` ({file.mime_type}): {advice}, and send it again."
    )


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except OSError:
        raise FileRefused("A file of the prompt was deleted meanwhile. Upload it again.") from None
