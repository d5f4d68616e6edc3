"""A transcript becomes the one text that the service takes."""

from gemini_pool.dialogue import Role, Turn
from gemini_pool.upstream.transcript import as_text


def text_of(*turns: Turn) -> str:
    return as_text(turns)


def user(text: str, name: str = "") -> Turn:
    return Turn(Role.USER, text, name)


def assistant(text: str) -> Turn:
    return Turn(Role.ASSISTANT, text)


def system(text: str) -> Turn:
    return Turn(Role.SYSTEM, text)


def test_a_single_question_goes_as_it_is() -> None:
    assert text_of(user("  你好?\n")) == "  你好?\n"


def test_a_conversation_is_written_out_with_role_markers_and_an_open_end() -> None:
    assert text_of(user("one"), assistant("two"), user("three")) == (
        "User:\none\n\nAssistant:\ntwo\n\nUser:\nthree\n\nAssistant:"
    )


def test_system_text_comes_first_wherever_it_stood() -> None:
    assert text_of(user("one"), system("be brief"), assistant("two"), system("be kind"), user("three")) == (
        "System:\nbe brief\n\nbe kind\n\nUser:\none\n\nAssistant:\ntwo\n\nUser:\nthree\n\nAssistant:"
    )


def test_system_text_before_a_single_question_is_kept() -> None:
    assert text_of(system("be brief"), user("one")) == "System:\nbe brief\n\nUser:\none\n\nAssistant:"


def test_an_answer_of_a_tool_names_the_tool() -> None:
    assert text_of(user("one"), Turn(Role.TOOL, "42", "calculator")) == (
        "User:\none\n\nTool (calculator):\n42\n\nAssistant:"
    )


def test_an_answer_of_a_tool_is_told_from_a_question_even_where_nothing_else_is_sent() -> None:
    assert text_of(Turn(Role.TOOL, "42", "calculator")) == "Tool (calculator):\n42\n\nAssistant:"


def test_a_speaker_with_a_name_is_named() -> None:
    assert text_of(user("one", "Ada"), user("two", "Bob")) == (
        "User (Ada):\none\n\nUser (Bob):\ntwo\n\nAssistant:"
    )


def test_turns_without_text_leave_no_trace() -> None:
    assert text_of(system(""), user("one"), assistant("")) == "one"
    assert text_of(user("one"), assistant(""), user("two")) == "User:\none\n\nUser:\ntwo\n\nAssistant:"


def test_no_turn_is_lost_and_their_order_is_kept() -> None:
    turns = [user(f"question {n}") if n % 2 else assistant(f"reply {n}") for n in range(1, 30)]
    text = text_of(*turns)
    places = [text.index(turn.text + "\n\n") for turn in turns]
    assert places == sorted(places)
