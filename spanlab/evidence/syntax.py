"""What `@instrument` sees of a function: its syntax, and nothing else."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def syntax(function: Any) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Read the source of a function; None where there is none."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    node = tree.body[0]
    return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def attribute(function: Function | None) -> ast.expr | None:
    """Find the `@instrument` on a function."""
    for decorator in getattr(function, "decorator_list", ()):
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(name).split(".")[-1] == "instrument":
            found: ast.expr = decorator
            return found
    return None


def block(function: Function) -> ast.AsyncFunctionDef | None:
    """Find the `async def` that the last statement of a function, `return task()`, calls."""
    body = function.body if isinstance(function, ast.FunctionDef) else []
    match body[-1:]:
        case [ast.Return(value=ast.Call(func=ast.Name(id=name)))]:
            inner = [n for n in body if isinstance(n, ast.AsyncFunctionDef) and n.name == name]
            return inner[-1] if inner else None
    return None


def is_unit(function: Function | None) -> bool:
    """Tell whether a function gives no value: no `return` of its own has one."""
    parts: list[ast.AST] = list(getattr(function, "body", ()))
    for part in parts:  # it grows meanwhile
        if isinstance(part, ast.Return) and part.value is not None:
            return False
        if not isinstance(part, Function | ast.ClassDef):
            parts += ast.iter_child_nodes(part)
    return True
