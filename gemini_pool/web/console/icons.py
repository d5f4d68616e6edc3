"""The icons of the console, by their names in Bootstrap Icons. A new one is a word in this list."""

ICONS = (
    # places
    "speedometer2", "people", "chat", "key", "cpu", "activity", "sliders",
    # states of an account
    "check-circle-fill", "clock-history", "hourglass-bottom", "slash-circle", "pause-circle-fill",
    "exclamation-triangle-fill", "box-arrow-in-right", "shield-fill-x",
    # tones of a message
    "info-circle-fill", "x-octagon-fill",
    # the frame
    "sun", "moon-stars", "circle-half", "translate", "box-arrow-right",
    # doing
    "arrow-clockwise", "arrow-down", "arrow-down-up", "arrow-up", "check-lg", "chevron-down",
    "chevron-left", "chevron-right", "copy", "download", "eye", "eye-slash", "list-ul", "lightning-charge",
    "paperclip", "pause-fill", "pencil", "play-fill", "plus-lg", "power", "search", "send", "stop-circle",
    "three-dots", "trash", "upload", "x-lg",
    # the chat
    "box-arrow-up-right", "file-earmark", "lightbulb",
)  # fmt: skip
