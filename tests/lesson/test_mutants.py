"""A right answer with one thing taken out of it is refused: a line, a wrap, an attribute."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from exercises import answers, said_to

from spanlab.lesson import questions
from spanlab.lesson.facts import said_by

WRAPS = {"in_current_span", "instrument", "spawn", "run_both", "limited", "in_scope", "use_it"}
WRITTEN = {"01", "06", "10-order", "13"}
STILL_RIGHT = {  # what is taken out was there twice, or stands in the notebook too
    "04 two futures, each in use_it",
    "05 a task of its own inside job",
    "07 with a name",
    "07 a helper that carries",
}
RIGHT = [pytest.param(name, each["code"], id=f"{name} {each['name']}")
         for name, every in answers().items() for each in every
         if each["kind"] == "right" and name not in WRITTEN
         and f"{name} {each['name']}" not in STILL_RIGHT]  # fmt: skip


class Without(ast.NodeTransformer):
    """Takes the thing with one number out of a program; `what` says which it was."""

    def __init__(self, lines: set[str], number: int) -> None:
        self.lines, self.left, self.what = lines, number, ""

    def _is_next(self, node: ast.AST) -> bool:
        self.left -= 1
        if self.left == 0:
            self.what = ast.unparse(node)
        return self.left == 0

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        says = said_by(ast.FunctionDef("f", ast.arguments([], [], None, [], [], None, []), [node]))
        is_line = isinstance(node.value, ast.Call) and bool(says & self.lines)
        return ast.Pass() if is_line and self._is_next(node) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in WRAPS and len(node.args) == 1 and self._is_next(node):
            is_call = name == "in_scope"  # it calls what it gets
            return ast.Call(node.args[0], [], []) if is_call else node.args[0]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.decorator_list and self._is_next(node):
            node.decorator_list = []
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]


def mutants(code: str, lines: set[str]) -> Iterator[tuple[str, str]]:
    """Give the program without each thing in turn, and what that was."""
    cells = [cell for cell in re.split(r"^# %%.*\n", code, flags=re.M) if cell.strip()]
    for number in range(1, 100):
        without = Without(lines, number)
        found = [ast.unparse(without.visit(ast.parse(cell))) for cell in cells]
        if not without.what:
            return
        yield without.what, "\n# %%\n".join(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "code"), RIGHT)
def test_a_right_answer_needs_all_of_its_parts(name: str, code: str) -> None:
    """Without a line, a wrap or an attribute the check says no, or the program fails."""
    tried = 0
    for what, mutant in mutants(code, set(questions.check_named(name).answer)):
        tried += 1
        try:
            is_right, _ = said_to(name, mutant)
        except Exception:  # the program is broken: that is no answer either
            continue
        assert not is_right, what
    assert tried
