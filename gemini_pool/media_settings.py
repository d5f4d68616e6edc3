"""The knobs of files: those that callers send, and those that the service makes."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from gemini_pool.knobs import knob
from gemini_pool.readers import NETWORKS, TEXT, address, choice, whole


@dataclass(frozen=True)
class MediaSettings:
    """A part of Settings."""

    max_file_mb: int = knob("MAX_FILE_MB", "100", whole(1, 2048), "Largest file that can be uploaded, in MB.")
    max_key_files_mb: int = knob(
        "MAX_KEY_FILES_MB", "1024", whole(1, 1_000_000), "All uploaded files of a key together, in MB."
    )
    file_days: int = knob("FILE_DAYS", "30", whole(1, 3650), "Days that an uploaded file is kept.")
    base_url: str = knob(
        "BASE_URL", "", address("https", "http"), "Where callers reach this service; links begin with it."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = knob(
        "TRUSTED_PROXIES",
        "127.0.0.0/8,::1",
        NETWORKS,
        "Who may say how callers came here.",
    )
    image_hours: int = knob("IMAGE_HOURS", "1", whole(-1, 8760), "Hours pictures are kept; -1: for ever.")
    video_hours: int = knob("VIDEO_HOURS", "6", whole(-1, 8760), "The same for films.")
    media_max_mb: int = knob(
        "MEDIA_MAX_MB", "2048", whole(1, 10_000_000), "Room for both in MB; over it the oldest go first."
    )
    image_format: str = knob(
        "IMAGE_FORMAT",
        "markdown",
        choice("markdown", "url", "array", "base64"),
        "How pictures are shown in answers, where neither a request (`image_format`) nor its key says it.",
    )
    fetch_seconds: int = knob(
        "FETCH_SECONDS", "60", whole(1, 3600), "How long fetching a file that a caller names may take."
    )
    upload_endpoint: str = knob(
        "UPLOAD_ENDPOINT",
        "",
        address("https", "http"),
        "A CloudFlare ImgBed (`https://…/upload`) to put pictures and films on, if its token is set too.",
    )
    upload_token: str = knob("UPLOAD_API_TOKEN", "", TEXT, "Its token.", sealed=True)
    image_base_url: str = knob(
        "IMAGE_BASE_URL", "", address("https", "http"), "Where its files are had from, if not there."
    )
