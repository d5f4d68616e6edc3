"""The MIME types that an upload may have."""

_FAMILIES = ("text/", "audio/", "video/")

_IMAGES = frozenset(
    {"png", "jpeg", "webp", "gif", "bmp", "tiff", "svg+xml", "x-icon", "heic", "heif", "avif"}
)

_DATA = ("json", "jsonl", "xml", "yaml", "x-yaml", "toml", "javascript")
_DOCUMENTS = ("pdf", "rtf", "x-tex", "msword", "vnd.ms-excel", "vnd.ms-powerpoint")
_OFFICE = ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
_APPLICATIONS = frozenset(
    {
        *(f"application/{kind}" for kind in (*_DATA, *_DOCUMENTS)),
        *(f"application/vnd.openxmlformats-officedocument.{kind}" for kind in _OFFICE),
        *(f"application/vnd.google-apps.{kind}" for kind in ("document", "spreadsheet", "presentation")),
    }
)


def is_supported(mime_type: str) -> bool:
    """Whether the service takes files of this type; archives and unknown binaries it does not."""
    family, _, kind = mime_type.partition("/")
    if family == "image":
        return kind in _IMAGES
    return bool(kind) and (mime_type.startswith(_FAMILIES) or mime_type in _APPLICATIONS)
