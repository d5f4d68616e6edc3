"""What an administrator did, as people read it in the audit."""

from flask_babel import lazy_gettext as _l

DEEDS = {
    "account.added": _l("Account added"),
    "account.edited": _l("Account changed"),
    "account.deleted": _l("Account deleted"),
    "account.enabled": _l("Account switched on"),
    "account.disabled": _l("Account switched off"),
    "account.renewed": _l("Cookies of an account renewed"),
    "account.refreshed": _l("Sign-in of an account ordered"),
    "accounts.refreshed": _l("Sign-ins of accounts ordered"),
    "accounts.enrolled": _l("Sign-ins with mailboxes ordered"),
    "accounts.tested": _l("Accounts tested"),
    "accounts.checked": _l("Accounts checked"),
    "accounts.imported": _l("Accounts taken over"),
    "config.exported": _l("Everything exported"),
    "key.made": _l("Key made"),
    "key.changed": _l("Key changed"),
    "key.revoked": _l("Key revoked"),
    "key.deleted": _l("Key deleted"),
    "model.added": _l("Model added"),
    "model.edited": _l("Model changed"),
    "model.deleted": _l("Model deleted"),
    "models.ordered": _l("Models put in another order"),
    "settings.saved": _l("Settings saved"),
    "log.cleared": _l("Events cleared"),
    "peer.added": _l("Instance added"),
    "peer.changed": _l("Instance changed"),
    "peer.deleted": _l("Instance deleted"),
    "peer.pushed": _l("Cookies sent to an instance"),
    "sync_token.made": _l("Sync token made"),
    "sync_token.revoked": _l("Sync token revoked"),
    "cookies.renewed": _l("New cookies taken from another instance"),
    "cookies.added": _l("Account taken from another instance"),
    "alerts.tested": _l("Test message sent"),
    "backup.made": _l("Backup made"),
    "job.ordered": _l("Background job run by hand"),
    "job.paused": _l("Background job paused"),
    "job.resumed": _l("Background job resumed"),
    "signed in": _l("Signed in"),
    "signed out": _l("Signed out"),
    "sign-in refused": _l("Sign-in refused"),
    "set-up refused": _l("Set-up refused"),
    "first password set": _l("First password set"),
    "password changed": _l("Password changed"),
    "password refused": _l("Password refused"),
    "session ended": _l("Session ended"),
    "other sessions ended": _l("Other sessions ended"),
    "second factor on": _l("Second factor switched on"),
    "second factor off": _l("Second factor switched off"),
}


def deed(action: str) -> str:
    """The words for an action; the action itself where it is a new one."""
    return str(DEEDS.get(action, action))
