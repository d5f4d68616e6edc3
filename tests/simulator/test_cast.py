import re
import uuid

from gemini_pool.simulator.world import CAST, make_account


def test_an_account_is_drawn_from_its_name_alone() -> None:
    assert make_account("amber") == make_account("amber")
    assert len({make_account(name).csesidx for name in CAST}) == len(CAST)


def test_an_account_looks_like_one_copied_from_a_browser() -> None:
    account = make_account("amber")
    assert account.secure_c_ses.startswith("CSE.")
    assert re.fullmatch(r"\d{9,10}", account.csesidx)
    assert str(uuid.UUID(account.config_id)) == account.config_id


def test_the_configuration_has_the_members_of_an_accounts_config_entry() -> None:
    config = make_account("amber").as_config()
    assert set(config) == {"id", "secure_c_ses", "host_c_oses", "csesidx", "config_id"}
    assert config["id"] == "amber"
