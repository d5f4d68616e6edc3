"""A vault whose key no two runs share."""

from cryptography.fernet import Fernet

from gemini_pool.store.secrets import Vault

VAULT = Vault(Fernet.generate_key().decode())
