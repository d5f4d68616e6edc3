"""`python -m bench [ratios | held] …`: what is measured; without a word, the ratios."""

import argparse
import sys

from bench import held, ratios


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="MEASUREMENT")
    ratios.add_to(
        commands.add_parser("ratios", help="requests and short streams against a bare Flask program")
    )
    held.add_to(commands.add_parser("held", help="hundreds of long streams at once, against none between"))
    named = words[:1] and (words[0] in commands.choices or words[0] in ("-h", "--help"))
    options = parser.parse_args(words if named else ["ratios", *words])
    options.run(options)


main(sys.argv[1:])
