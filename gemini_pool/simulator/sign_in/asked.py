"""What the site is asked: the request with all that is known of who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from gemini_pool.simulator.behaviour import Behaviour
from gemini_pool.simulator.cast import SimAccount
from gemini_pool.simulator.http import Request
from gemini_pool.simulator.sign_in.desk import Visit
from gemini_pool.simulator.sign_in.words import WORDS, language_of
from gemini_pool.simulator.wallet import Grant, read_cookies
from gemini_pool.simulator.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """`grant` are the good cookies that the browser shows, if it does."""

    world: World
    request: Request
    visit: Visit
    grant: Grant | None

    @property
    def language(self) -> str:
        """ "zh" or "en"."""
        return language_of(self.request.header("accept-language"))

    @property
    def words(self) -> Mapping[str, str]:
        """What the pages say in that language."""
        return WORDS[self.language]

    @property
    def account(self) -> SimAccount | None:
        """Whom this is about: whose cookies are shown, or whose address was given."""
        return self.world.wallet.owner(self.grant.csesidx) if self.grant else self.visit.account

    @property
    def behaviours(self) -> list[Behaviour]:
        """That of the account, or all while nobody knows whom this is about."""
        names = [self.account.name] if self.account else list(self.world.accounts)
        return [self.world.behaviour(name) for name in names]

    def query(self, name: str) -> str:
        """A parameter of the address, or ''."""
        return parse_qs(self.request.head.query).get(name, [""])[0]


def ask(world: World, request: Request) -> Asked:
    """The request in the light of its cookies."""
    cookies = read_cookies(request.header("cookie"))
    return Asked(world, request, world.desk.visit(cookies), world.wallet.grant(cookies))


def home_of(asked: Asked, account: SimAccount, grant: Grant) -> str:
    """The address of an account's home page."""
    query = urlencode({"csesidx": grant.csesidx, "hl": asked.language})
    bare = asked.world.behaviour(account.name).bare_home
    return f"/home/cid/{account.config_id}" + ("" if bare else f"?{query}")
