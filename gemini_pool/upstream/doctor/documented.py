"""The members that replies of the service are believed to have, as key paths; `*` is whatever is below.

All are optional but those the program cannot do without; what is here and nowhere in the program is known
and ignored.
"""

from collections.abc import Iterable


def _under(start: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{start}.{name}" for name in names)


KEY = frozenset(("keyId", "xsrfToken", "expirationTime"))
SESSION = frozenset(_under("session", ("name", "displayName")))
UPLOAD = frozenset(_under("addContextFileResponse", ("session", "fileId", "tokenCount")))
ERROR = frozenset(_under("error", ("code", "message", "status", "details.*")))

_FILE = (
    *("fileId", "name", "mimeType", "byteSize", "tokenCount", "quotaPercentage", "downloadUri", "uploadTime"),
    *("fileOriginType", "session", "views.*", "selected", "usedInConversation", "originalUri"),
    "originalSourceType",
)
FILES = frozenset(
    _under("listSessionFileMetadataResponse", (*_under("fileMetadata", _FILE), "totalQuotaPercentage"))
)

_CONTENT = (
    *("role", "text", "thought", "inlineData.mimeType", "inlineData.data", "attachments.*"),
    *("file.fileId", "file.mimeType", "file.name"),
    *("executableCode.code", "codeExecutionResult.outcome", "codeExecutionResult.output"),
)
_GROUNDED = (
    *_under("content", _CONTENT),
    *("contentMetadata.contentKind", "contentMetadata.contentId"),
    *_under(
        "textGroundingMetadata.segments",
        ("startIndex", "endIndex", "groundingScore", "referenceIndices", "text"),
    ),
    *_under("textGroundingMetadata.references", ("content", "codeSnippet")),
    *_under(
        "textGroundingMetadata.references.documentMetadata",
        ("title", "uri", "domain", "pageIdentifier", "document"),
    ),
    *_under(
        "citationMetadata.citations",
        ("startIndex", "endIndex", "uri", "title", "license", "publicationDate.*"),
    ),
    *("inlineData.mimeType", "inlineData.data", "attachments.*"),
)
_REPLY = ("replyId", "createTime", "thought", *_under("groundedContent", _GROUNDED))
_OUTCOME = ("state", "assistSkippedReasons", "customerPolicyEnforcementResult.*", "generatedImages.*")
_ANSWER = (
    "name",
    *_OUTCOME,
    *_under("replies", (*_REPLY, "attachments.*", "generatedImages.*")),
    "diagnosticInfo.*",
)
_RESPONSE = (
    *_OUTCOME,
    *_under("answer", _ANSWER),
    *("sessionInfo.session", "sessionInfo.queryId", "assistToken"),
    *("invocationTools.*", "invokedSkills.*", "statusUpdates.*", "connectorAuthErrors.*"),
)
ELEMENT = frozenset((*("uToken", "generatedImages.*"), *ERROR, *_under("streamAssistResponse", _RESPONSE)))
