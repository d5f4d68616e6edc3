"""Rows of accounts, and what they are as values; secrets are sealed on the way in, opened on the way out."""

import json
from collections.abc import Sequence

from peewee import AutoField, BooleanField, CompositeKey, FloatField, IntegerField, Model, TextField

from gemini_pool.roster import Account, Credentials, QuotaKind, Standing
from gemini_pool.store.profiles import NewAccount, Profile
from gemini_pool.store.secrets import Vault

# Nothing was said of the credentials yet.
FRESH: dict[str, object] = {
    "standing": Standing.GOOD.value,
    "reason": "",
    "resting_until": 0.0,
    "strikes": 0,
}


class AccountRow(Model):
    id = AutoField()
    origin = TextField(null=True)
    name = TextField()
    config_id = TextField()
    csesidx = TextField()
    secure_c_ses = TextField()
    host_c_oses = TextField()
    user_agent = TextField()
    expires_at = FloatField(null=True)
    enabled = BooleanField()
    standing = TextField()
    reason = TextField()
    resting_until = FloatField()
    strikes = IntegerField()
    created_at = FloatField()
    email = TextField()
    note = TextField()
    external_id = TextField()
    trial_end = TextField()
    mailbox = TextField()
    cookies_at = FloatField(null=True)

    class Meta:
        table_name = "accounts"


class CooldownRow(Model):
    account_id = IntegerField()
    kind = TextField()
    until = FloatField()
    firm = BooleanField()

    class Meta:
        table_name = "cooldowns"
        primary_key = CompositeKey("account_id", "kind")


class DeletedRow(Model):
    """An account that was deleted: what the environment would bring it back as."""

    origin = TextField(primary_key=True)
    account_id = IntegerField()
    at = FloatField()

    class Meta:
        table_name = "deleted_accounts"


def columns_of(given: NewAccount, vault: Vault) -> dict[str, object]:
    """The columns that hold what was given of an account."""
    columns = given.flat()
    for name in ("secure_c_ses", "host_c_oses"):
        columns[name] = vault.seal(columns[name])
    mailbox = dict(given.mailbox)
    return columns | {"mailbox": vault.seal(json.dumps(mailbox)) if mailbox else ""}


def account_of(row: AccountRow, cooldowns: Sequence[CooldownRow], vault: Vault) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        credentials=_credentials(row, vault),
        enabled=row.enabled,
        standing=Standing(row.standing),
        reason=row.reason,
        expires_at=row.expires_at,
        resting_until=row.resting_until,
        cooldowns={QuotaKind(one.kind): one.until for one in cooldowns},
        strikes=row.strikes,
        firm=frozenset(QuotaKind(one.kind) for one in cooldowns if one.firm),
    )


def given_of(row: AccountRow, credentials: Credentials, vault: Vault) -> NewAccount:
    """What was given of the account, with its credentials as they are now."""
    return NewAccount(
        credentials=credentials,
        name=row.name,
        email=row.email,
        note=row.note,
        external_id=row.external_id,
        trial_end=row.trial_end,
        expires_at=row.expires_at,
        mailbox=json.loads(vault.open(row.mailbox) or "{}"),
        enabled=row.enabled,
    )


def profile_of(row: AccountRow, cooldowns: Sequence[CooldownRow], vault: Vault) -> Profile:
    account = account_of(row, cooldowns, vault)
    return Profile(account, given_of(row, account.credentials, vault), row.cookies_at, row.created_at)


def _credentials(row: AccountRow, vault: Vault) -> Credentials:
    return Credentials(
        secure_c_ses=vault.open(row.secure_c_ses),
        csesidx=row.csesidx,
        config_id=row.config_id,
        host_c_oses=vault.open(row.host_c_oses),
        user_agent=row.user_agent,
    )
