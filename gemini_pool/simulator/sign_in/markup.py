"""How the elements of the pages are marked: as they are known, and as they may be one day."""

from types import MappingProxyType

_BOXES = "".join(
    f'<div data-index="{at}" class="f7wZi" jsname="neThFe"><span class="hLMukf"></span></div>'
    for at in range(6)
)
_DIGITS = '<input type="text" maxlength="1" data-part="digit">' * 6
_HIDDEN = "position: absolute; opacity: 0; width: 1px; height: 1px"

KNOWN = MappingProxyType(
    {
        "email_marks": 'id="email-input" name="loginHint" jsname="YPqjbf" type="text"',
        "continue_marks": 'id="log-in-button" jsname="jXw9Fb"',
        "method_marks": 'id="sign-in-with-email"',
        "code_marks": f'<input name="pinInput" jsname="ovqh0b" maxlength="6" style="{_HIDDEN}">{_BOXES}',
        "verify_marks": 'jsname="XooR8e"',
        "resend_marks": '<button data-part="resend" aria-label="$resend">$resend</button>',
        "name_marks": 'formcontrolname="fullName" id="mat-input-0"',
        "agree_marks": 'class="agree-button"',
    }
)
CHANGED = MappingProxyType(
    {
        "email_marks": 'type="email" autocomplete="username"',
        "continue_marks": "",
        "method_marks": "",
        "code_marks": _DIGITS,
        "verify_marks": "",
        "resend_marks": '<span data-part="resend" style="cursor: pointer">$resend</span>',
        "name_marks": 'placeholder="$full_name"',
        "agree_marks": "",
    }
)
