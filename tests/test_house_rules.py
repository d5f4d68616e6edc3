"""The house rules that a program can check: size, imports, excepts, state, docstrings."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 280
LONGEST_FUNCTION = 50

# The borders at which anything may be caught, and why. A border logs what it caught, with its trace.
BORDERS = {
    "gemini_pool/web/answering.py::__next__": "a stream whose status is out must itself tell that it broke",
    "gemini_pool/jobs/films.py::_made": "a thread of its own, where nobody else would tell of it",
    "gemini_pool/jobs/sign_ins.py::_done": "one account must not end the sign-ins of all others",
    "gemini_pool/jobs/running.py::_outcome": "a thread of its own, and the book of jobs must tell of it",
}

# Imports that wait until they are needed, and why.
LATE_IMPORTS = {
    "gemini_pool/keeping.py::_sweep": "Selenium costs every start a sixth of a second, and few need it",
    "gemini_pool/keeping.py::_sign_in": "the same",
    "gemini_pool/cli/late.py::_jobs": "the whole service; all other commands start a third faster without it",
    "gemini_pool/cli/late.py::_sign_in": "the same",
}

# Lower-case names that a module may give to an object made at its import.
SHARED_OBJECTS = {"log", "bp"}
# Calls that a module may make at its import for their effect alone.
EFFECTS = {"bp.before_request", "bp.after_request", "sys.exit"}
MUTATORS = {
    "add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "remove",
    "reverse", "setdefault", "sort", "update",
}  # fmt: skip

Breaches = Iterator[tuple[int, str]]


def in_functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node below a function, with the name of the innermost one."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    owner: dict[ast.AST, str] = {}
    for function in functions:  # outer ones come first
        owner |= {node: function.name for statement in function.body for node in ast.walk(statement)}
    for node, name in owner.items():
        yield name, node


def no_global(tree: ast.Module, _: str) -> Breaches:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, "`global`; keep the state in an object that wiring builds"


def no_print(tree: ast.Module, _: str) -> Breaches:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "`print`; log it, or write to sys.stdout in the command line"


def imports_at_the_top(tree: ast.Module, path: str) -> Breaches:
    for name, node in in_functions(tree):
        late = f"{path}::{name}" in LATE_IMPORTS
        if isinstance(node, ast.Import | ast.ImportFrom) and not late:
            yield node.lineno, f"an import inside {name}(); put it at the top of the module"


def narrow_excepts(tree: ast.Module, path: str) -> Breaches:
    owners = {node: name for name, node in in_functions(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
            border = f"{path}::{owners.get(node, '<module>')}"
            if border not in BORDERS:
                yield node.lineno, f"catches everything; name what can be mended, or add {border} to BORDERS"


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(one) for one in caught.elts)
    return caught is None or ast.unparse(caught) in ("Exception", "BaseException")


def short_functions(tree: ast.Module, _: str) -> Breaches:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield (
                    node.lineno,
                    f"{node.name}() has {lines} lines; at most {LONGEST_FUNCTION}: cut a part out",
                )


def documented(tree: ast.Module, _: str) -> Breaches:
    if not ast.get_docstring(tree):
        yield 1, "no docstring; say in one sentence what this module knows"


def verified_tls(tree: ast.Module, _: str) -> Breaches:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("verify", "verify_ssl", "check_hostname"):
            if isinstance(node.value, ast.Constant) and not node.value.value:
                yield node.value.lineno, f"{node.arg}={node.value.value}; TLS is verified everywhere"
        elif isinstance(node, ast.Constant | ast.Attribute | ast.Name):
            said = node.value if isinstance(node, ast.Constant) else ast.unparse(node).rpartition(".")[2]
            if said in ("CERT_NONE", "_create_unverified_context"):
                yield node.lineno, f"{said}; TLS is verified everywhere"


def no_state_in_modules(tree: ast.Module, _: str) -> Breaches:
    """Pragmatic: names in capitals, types, `log` and `bp` may be made at import, and nothing changes them."""
    for statement in tree.body:
        for name in _assigned(statement):
            if name[:1].islower() and name not in SHARED_OBJECTS:
                yield (
                    statement.lineno,
                    f"`{name}` is state of the module; make it a CONSTANT or build it in wiring",
                )
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            called = ast.unparse(statement.value.func)
            if called not in EFFECTS:
                yield statement.lineno, f"calls {called}() at import; let wiring or the app do it"
    constants = {name for statement in tree.body for name in _assigned(statement)}
    for node in ast.walk(tree):
        changed = _changed(node)
        if changed in constants:
            yield node.lineno, f"changes `{changed}` of the module; keep what changes in an object"  # type: ignore[attr-defined]


def _assigned(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return []
    names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [node.id for node in names if isinstance(node.ctx, ast.Store)]


def _changed(node: ast.AST) -> str | None:
    """The name of the plain variable that a node changes in place, if it does."""
    target: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        target = node.func.value
    elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    elif isinstance(node, ast.AugAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else None


def small_module(path: Path) -> list[str]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines <= LONGEST_MODULE:
        return []
    return [
        f"{path}:{LONGEST_MODULE}: {lines} lines; at most {LONGEST_MODULE}: give a part a module of its own"
    ]


RULES: list[Callable[[ast.Module, str], Breaches]] = [
    no_global,
    no_print,
    imports_at_the_top,
    narrow_excepts,
    short_functions,
    documented,
    verified_tls,
    no_state_in_modules,
]


def modules() -> list[Path]:
    return [*sorted((ROOT / "gemini_pool").rglob("*.py")), ROOT / "wsgi.py"]


def breaches(rule: Callable[[ast.Module, str], Breaches], source: str, path: str) -> list[str]:
    return [f"{path}:{line}: {told}" for line, told in rule(ast.parse(source), path)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Callable[[ast.Module, str], Breaches]) -> None:
    entry = {"wsgi.py"} if rule is no_state_in_modules else set()  # gunicorn wants an object called `app`
    found = [
        breach
        for path in modules()
        if path.name not in entry
        for breach in breaches(rule, path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]
    assert not found, "\n".join(found)


def test_no_module_is_too_long_to_read() -> None:
    found = [breach for path in modules() for breach in small_module(path)]
    assert not found, "\n".join(found)


def test_every_border_is_still_there() -> None:
    for border in BORDERS:
        path, _, function = border.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        held = {name for name, node in in_functions(tree) if isinstance(node, ast.ExceptHandler)}
        assert function in held, f"{border} catches nothing any more; take it out of BORDERS"


# The rules themselves, on a few lines each


@pytest.mark.parametrize(
    ("rule", "source", "line"),
    [
        (no_global, "def f():\n    global x\n    x = 1", 2),
        (no_print, "def f():\n    print('x')", 2),
        (imports_at_the_top, "def f():\n    def g():\n        import json", 3),
        (imports_at_the_top, "class A:\n    async def f(self):\n        from json import loads", 3),
        (narrow_excepts, "try:\n    f()\nexcept Exception:\n    pass", 3),
        (narrow_excepts, "try:\n    f()\nexcept:\n    pass", 3),
        (
            narrow_excepts,
            "def f():\n    try:\n        g()\n    except (ValueError, BaseException):\n        pass",
            4,
        ),
        (short_functions, "def f():\n" + "    x = 1\n" * 50, 1),
        (documented, "import json", 1),
        (verified_tls, "requests.get(u, verify=False)", 1),
        (verified_tls, "pool(cert_reqs='CERT_NONE')", 1),
        (verified_tls, "context.verify_mode = ssl.CERT_NONE", 1),
        (no_state_in_modules, "cache = {}", 1),
        (no_state_in_modules, "a, b = 1, 2", 1),
        (no_state_in_modules, "SEEN = {}\ndef f(x):\n    SEEN[x] = 1", 3),
        (no_state_in_modules, "SEEN = []\ndef f(x):\n    SEEN.append(x)", 3),
        (no_state_in_modules, "SEEN = set()\ndef f(x):\n    del SEEN[x]", 3),
        (no_state_in_modules, "start_threads()", 1),
    ],
)
def test_a_breach_is_seen_where_it_is(
    rule: Callable[[ast.Module, str], Breaches], source: str, line: int
) -> None:
    assert {breach.rpartition(": ")[0].split(":")[1] for breach in breaches(rule, source, "m.py")} == {
        str(line)
    }


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (narrow_excepts, "try:\n    f()\nexcept (ValueError, OSError):\n    pass"),
        (short_functions, "def f():\n" + "    x = 1\n" * 49),
        (no_state_in_modules, "LIMITS = {'a': 1}\nlog = getLogger()\nT = TypeVar('T')\n__all__ = ['x']"),
        (no_state_in_modules, "NAMES = ['a']\ndef f(names):\n    names.append(1)\n    names[0] = NAMES[0]"),
        (verified_tls, "session.get(u, verify=True)"),
    ],
)
def test_what_keeps_the_rule_is_left_alone(rule: Callable[[ast.Module, str], Breaches], source: str) -> None:
    assert breaches(rule, source, "m.py") == []


def test_a_module_is_measured_to_the_line(tmp_path: Path) -> None:
    long, short = tmp_path / "long.py", tmp_path / "short.py"
    long.write_text("x\n" * (LONGEST_MODULE + 1))
    short.write_text("x\n" * LONGEST_MODULE)
    assert len(small_module(long)) == 1
    assert small_module(short) == []
