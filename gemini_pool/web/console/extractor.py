"""Where in the browser an account's values stand, in pictures, and a box for each way to bring them here."""

from flask import Blueprint, render_template

bp = Blueprint("extractor", __name__)


@bp.get("/account_extractor.html")
def page() -> str:
    return render_template("account_extractor.html")
