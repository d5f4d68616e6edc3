"""The kinds of file that people send: what each is called, how it is told, what becomes of it.

A new kind is one row here, and is found by its declared type and its name at once. If its bytes tell it, it
wants a mark in `magic` too. Whether the service takes a kind is hearsay: nobody has seen its own list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Told(StrEnum):
    """By what a kind is recognised."""

    BYTES = "its first bytes"
    FAMILY = "its first bytes tell the family; declared type or name the kind"
    MARKUP = "how its text begins"
    WORD = "declared type or name, if it is text"


class Support(StrEnum):
    """Whether the service takes a kind, as far as is known."""

    TAKEN = "expected"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is. `suffixes` have their point, the usual one first; `aliases` are other words for its
    MIME type; `advice` is what to do when the service refuses it, such as "convert it to PDF"."""

    mime_type: str
    suffixes: tuple[str, ...]
    group: str
    name: str
    aliases: tuple[str, ...]
    told: Told
    support: Support
    advice: str

    @property
    def is_text(self) -> bool:
        return self.told in (Told.MARKUP, Told.WORD)


# Group, name, then the MIME type with its aliases and the suffixes.
_TABLE: Mapping[str, Mapping[str, str]] = {
    "Images": {
        "PNG": "image/png image/x-png .png",
        "JPEG": "image/jpeg image/jpg image/pjpeg .jpg .jpeg .jpe .jfif",
        "WebP": "image/webp .webp",
        "GIF": "image/gif .gif",
        "BMP": "image/bmp image/x-ms-bmp image/x-bmp .bmp .dib",
        "TIFF": "image/tiff image/tif .tiff .tif",
        "Windows icon": "image/x-icon image/vnd.microsoft.icon image/ico .ico",
        "HEIC": "image/heic image/heic-sequence .heic",
        "HEIF": "image/heif image/heif-sequence .heif .hif",
        "AVIF": "image/avif .avif",
        "SVG": "image/svg+xml image/svg .svg",
    },
    "Documents": {
        "PDF": "application/pdf application/x-pdf .pdf",
        "Rich Text": "application/rtf text/rtf application/x-rtf .rtf",
        "LaTeX": "application/x-tex text/x-tex application/x-latex text/x-latex .tex .latex",
        "HTML": "text/html application/xhtml+xml .html .htm .xhtml",
        "XML": "application/xml text/xml .xml .xsd .xsl .xslt",
        "Plain text": "text/plain .txt .text .log",
        "Markdown": "text/markdown text/x-markdown .md .markdown",
    },
    "Microsoft Office": {
        "Word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document .docx",
        "Excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet .xlsx",
        "PowerPoint": "application/vnd.openxmlformats-officedocument.presentationml.presentation .pptx",
        "Word 97": "application/msword .doc .dot",
        "Excel 97": "application/vnd.ms-excel application/msexcel application/x-msexcel .xls .xlt",
        "PowerPoint 97": "application/vnd.ms-powerpoint application/mspowerpoint .ppt .pps",
    },
    "OpenDocument": {
        "OpenDocument text": "application/vnd.oasis.opendocument.text .odt",
        "OpenDocument sheet": "application/vnd.oasis.opendocument.spreadsheet .ods",
        "OpenDocument slides": "application/vnd.oasis.opendocument.presentation .odp",
    },
    "Google Workspace": {
        "Google document": "application/vnd.google-apps.document .gdoc",
        "Google sheet": "application/vnd.google-apps.spreadsheet .gsheet",
        "Google slides": "application/vnd.google-apps.presentation .gslides",
    },
    "Code": {
        "Assembly": "text/x-asm text/x-assembly .asm .s",
        "Batch file": "text/x-bat application/x-bat .bat .cmd",
        "C": "text/x-c text/x-csrc text/x-chdr .c .h",
        "C#": "text/x-csharp .cs",
        "C++": "text/x-c++ text/x-c++src text/x-c++hdr text/x-cpp .cpp .cc .cxx .hpp .hh .hxx",
        "Clojure": "text/x-clojure .clj .cljs .edn",
        "Dart": "text/x-dart .dart",
        "Diff": "text/x-diff text/x-patch .diff .patch",
        "Elixir": "text/x-elixir .ex .exs",
        "Erlang": "text/x-erlang .erl .hrl",
        "F#": "text/x-fsharp .fs .fsx",
        "Fortran": "text/x-fortran .f90 .f95 .f",
        "Go": "text/x-go text/x-golang .go",
        "GraphQL": "text/x-graphql .graphql .gql",
        "Groovy": "text/x-groovy .groovy .gradle",
        "Haskell": "text/x-haskell .hs",
        "Java": "text/x-java text/x-java-source .java",
        "JavaScript": "text/javascript application/javascript application/x-javascript text/jsx .js .mjs .cjs"
        " .jsx",
        "Julia": "text/x-julia .jl",
        "Kotlin": "text/x-kotlin .kt .kts",
        "Lisp": "text/x-lisp .lisp .el .scm",
        "Lua": "text/x-lua application/x-lua .lua",
        "Objective-C": "text/x-objectivec .m .mm",
        "OCaml": "text/x-ocaml .ml .mli",
        "Pascal": "text/x-pascal .pas",
        "Perl": "text/x-perl application/x-perl .pl .pm",
        "PHP": "text/x-php application/x-httpd-php application/x-php .php",
        "PowerShell": "text/x-powershell .ps1 .psm1",
        "Protocol Buffers": "text/x-protobuf .proto",
        "Python": "text/x-python text/x-script.python application/x-python-code text/python .py .pyw .pyi",
        "R": "text/x-r text/x-r-source .r .rmd",
        "Ruby": "text/x-ruby application/x-ruby .rb",
        "Rust": "text/x-rust text/rust .rs",
        "Scala": "text/x-scala .scala .sc",
        "Shell": "text/x-sh application/x-sh text/x-shellscript application/x-shellscript .sh .bash .zsh",
        "SQL": "text/x-sql application/sql application/x-sql .sql",
        "Swift": "text/x-swift .swift",
        "Terraform": "text/x-terraform .tf .hcl",
        "TypeScript": "text/x-typescript application/typescript text/typescript application/x-typescript"
        " text/tsx .ts .tsx .mts .cts",
        "Visual Basic": "text/x-vb .vb .vbs .bas",
        "Zig": "text/x-zig .zig",
    },
    "Web": {
        "CSS": "text/css .css",
        "SCSS": "text/x-scss text/scss .scss .sass",
        "Less": "text/x-less text/less .less",
        "Vue": "text/x-vue text/vue .vue",
        "Svelte": "text/x-svelte .svelte",
    },
    "Audio": {
        "WAV": "audio/wav audio/x-wav audio/wave audio/vnd.wave .wav .wave",
        "AAC": "audio/aac audio/x-aac audio/aacp .aac",
        "M4A": "audio/mp4 audio/m4a audio/x-m4a .m4a .m4b",
        "Ogg": "audio/ogg application/ogg .ogg .oga",
        "Opus": "audio/opus .opus",
        "FLAC": "audio/flac audio/x-flac .flac",
        "AIFF": "audio/aiff audio/x-aiff .aiff .aif .aifc",
        "AMR": "audio/amr audio/amr-wb .amr .awb",
        "MP3": "audio/mpeg audio/mp3 audio/x-mp3 audio/mpeg3 audio/x-mpeg audio/mpga .mp3 .mpga",
        "Windows Media audio": "audio/x-ms-wma audio/wma .wma",
        "WebM audio": "audio/webm .weba",
    },
    "Video": {
        "MP4": "video/mp4 application/mp4 .mp4",
        "QuickTime": "video/quicktime video/mov .mov .qt",
        "AVI": "video/x-msvideo video/avi video/msvideo .avi",
        "MPEG": "video/mpeg video/mpg video/x-mpeg .mpeg .mpg .mpe .vob",
        "WebM": "video/webm .webm",
        "Flash video": "video/x-flv video/flv .flv",
        "Matroska": "video/x-matroska video/mkv video/matroska .mkv",
        "3GPP": "video/3gpp video/3gp video/3gpp2 .3gp .3gpp .3g2",
        "M4V": "video/x-m4v video/m4v .m4v",
        "Windows Media video": "video/x-ms-wmv video/wmv video/x-ms-asf .wmv .asf",
        "MPEG transport stream": "video/mp2t video/mpegts .m2ts .m2t",
        "Ogg video": "video/ogg .ogv",
    },
    "Data": {
        "JSON": "application/json text/json application/x-json application/geo+json application/x-ipynb+json"
        " .json .geojson .ipynb",
        "JSON Lines": "application/jsonl application/x-ndjson application/ndjson application/jsonlines"
        " application/x-jsonlines text/jsonl .jsonl .ndjson",
        "CSV": "text/csv application/csv text/x-csv .csv",
        "TSV": "text/tab-separated-values text/tsv .tsv .tab",
        "Parquet": "application/vnd.apache.parquet application/x-parquet application/parquet .parquet",
        "Avro": "application/avro application/x-avro avro/binary application/vnd.apache.avro .avro",
    },
    "Config": {
        "YAML": "application/yaml application/x-yaml text/yaml text/x-yaml .yaml .yml",
        "TOML": "application/toml text/toml text/x-toml .toml",
        "INI": "text/x-ini text/ini .ini .cfg .conf",
        "Environment": "text/x-env .env",
        "Properties": "text/x-properties text/x-java-properties .properties",
    },
    "Archives": {
        "ZIP": "application/zip application/x-zip-compressed application/x-zip .zip",
        "tar": "application/x-tar application/tar .tar",
        "gzip": "application/gzip application/x-gzip application/x-gtar .gz .tgz",
        "RAR": "application/vnd.rar application/x-rar-compressed application/x-rar application/rar .rar",
        "7-Zip": "application/x-7z-compressed application/x-7z .7z",
    },
    "E-books": {
        "EPUB": "application/epub+zip .epub",
        "Mobipocket": "application/x-mobipocket-ebook .mobi .prc .azw",
    },
}

_WORDY = {"Documents", "Google Workspace", "Code", "Web", "Data", "Config"}
_TOLD: Mapping[str, Told] = {
    **dict.fromkeys(("SVG", "Rich Text", "HTML", "XML", "JSON", "JSON Lines"), Told.MARKUP),
    **dict.fromkeys(("PDF", "Parquet", "Avro"), Told.BYTES),
    **dict.fromkeys(("Word 97", "Excel 97", "PowerPoint 97"), Told.FAMILY),
    **dict.fromkeys(("Windows Media audio", "Windows Media video", "WebM audio"), Told.FAMILY),
}

_DOUBTFUL = {"OpenDocument", "Google Workspace", "Archives", "E-books"}
_SUPPORT: Mapping[str, Support] = {
    **dict.fromkeys(("Parquet", "Avro", "MPEG transport stream", "Ogg video"), Support.DOUBTFUL),
    **dict.fromkeys(("RAR", "7-Zip"), Support.REFUSED),
}

_TO_TEXT = "save it as plain text (.txt)"
_ADVICE: Mapping[str, str] = {
    "Images": "convert it to PNG",
    "PNG": "convert it to JPEG",
    "Documents": _TO_TEXT,
    "PDF": "send its text, or its pages as PNG",
    "Rich Text": "convert it to PDF",
    "LaTeX": "convert it to PDF",
    "Plain text": "paste it into the message",
    "Microsoft Office": "convert it to PDF",
    "OpenDocument": "convert it to PDF",
    "Google Workspace": "export it, a sheet as CSV and all else as PDF, and send that",
    "Code": _TO_TEXT,
    "Web": _TO_TEXT,
    "Audio": "convert it to MP3",
    "MP3": "convert it to WAV",
    "Video": "convert it to MP4",
    "MP4": "convert it to WebM",
    "Data": _TO_TEXT,
    "Parquet": "export it as CSV",
    "Avro": "export it as CSV",
    "Config": _TO_TEXT,
    "Archives": "unpack it and send the files themselves",
    "E-books": "convert it to PDF",
}


def _kinds() -> Iterator[Kind]:
    """What is said of a kind by name comes before what is said of its group."""
    for group, rows in _TABLE.items():
        for name, row in rows.items():
            words = row.split()
            suffixes = tuple(word for word in words if word.startswith("."))
            mime_type, *aliases = words[: len(words) - len(suffixes)]
            told = _TOLD.get(name, Told.WORD if group in _WORDY else Told.BYTES)
            support = _SUPPORT.get(name, Support.DOUBTFUL if group in _DOUBTFUL else Support.TAKEN)
            advice = _ADVICE.get(name, _ADVICE[group])
            yield Kind(mime_type, suffixes, group, name, tuple(aliases), told, support, advice)


KINDS: tuple[Kind, ...] = tuple(_kinds())
