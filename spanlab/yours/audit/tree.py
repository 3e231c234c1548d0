"""A function as tree-sitter sees it; macros whose insides are code are opened first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from spanlab.errors import MissingPackage
from spanlab.yours.audit.file import Edit, File, Fn

if TYPE_CHECKING:
    from tree_sitter import Node as Node
    from tree_sitter import Parser

MACRO = re.compile(r"!\s*([({\[])")
NAMED = re.compile(r"(?:\w+::)*(\w+)\Z")
LET = re.compile(r"let\s+(?:mut\s+)?(\w+)\b(?!\s*\()")
RAW = re.compile(r"(\w*span|trace|debug|info|warn|error|event|\w*format\w*|\w*print\w*|matches)\Z")
SHUT = {"(": ")", "[": "]", "{": "}"}


@lru_cache(1)
def parser() -> Parser:
    """Make the parser; the one door to tree-sitter."""
    try:
        import tree_sitter
        import tree_sitter_rust
    except ImportError:
        raise MissingPackage(
            "audit() needs tree-sitter and tree-sitter-rust. Write: pip install 'spanlab[audit]'"
        ) from None
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))


def error_in(file: File) -> int:
    """Give the line of the first error in a file of Rust; 0 if it parses."""
    node = parser().parse(file.text.encode("latin-1")).root_node
    if not node.has_error:
        return 0
    while inner := next((child for child in node.children if child.has_error), None):
        node = inner
    return file.line(node.start_byte)


class Body:
    """The tree of a function; places are those of its file."""

    def __init__(self, fn: Fn) -> None:
        self.fn, self.start = fn, fn.begin
        self.waits: list[int] = []  # where a macro awaits
        self.streams: list[int] = []  # where a macro makes a stream
        self.code = self._opened(fn.code)

    def _opened(self, code: str) -> str:
        """Write macros whose insides are code as blocks, calls and arrays of the same length."""
        for macro in list(MACRO.finditer(code)):
            named = NAMED.search(code, max(macro.start() - 40, 0), macro.start())
            if named is None or RAW.match(named[1]):
                continue
            name, opens, begin = named[1], macro[1], named.start()
            gap = " " * (macro.end() - begin - 1)
            if name.startswith("select"):
                self.waits.append(self.start + begin)
                end = shut(code, macro.end() - 1)
                arms = _arms(code[macro.end() : end])
                code = f"{code[:begin]}{gap}{{{arms}{code[end:]}"
            elif name.endswith("stream"):
                self.streams.append(self.start + begin)
                code = f"{code[:begin]}{'async'.ljust(len(gap))}{code[macro.end() - 1 :]}"
            elif (name in ("vec", "array") and opens == "[") or (
                opens == "{" and name != "macro_rules"
            ):
                code = f"{code[:begin]}{gap}{code[macro.end() - 1 :]}"
            elif opens == "(":
                if name in ("join", "try_join"):
                    self.waits.append(self.start + begin)
                at = code.index("!", begin)
                code = f"{code[:at]} {code[at + 1 :]}"
        return code

    @cached_property
    def root(self) -> Node:
        return parser().parse(self.code.encode("latin-1")).root_node

    def at(self, place: int, end: int) -> Node | None:
        """Find the smallest node that spans a stretch of the file."""
        return self.root.descendant_for_byte_range(place - self.start, end - self.start)

    def text(self, node: Node) -> str:
        """Give the text of a node as it stands in the file."""
        return self.fn.file.text[self.start + node.start_byte : self.start + node.end_byte]

    def words(self, node: Node) -> str:
        """Give the code of a node, without comments and what strings say."""
        return self.code[node.start_byte : node.end_byte]

    def begin(self, node: Node) -> int:
        return self.start + node.start_byte

    def end(self, node: Node) -> int:
        return self.start + node.end_byte

    def span(self, node: Node) -> tuple[File, int, int]:
        """Give where a node stands."""
        return self.fn.file, self.begin(node), self.end(node)

    def put(self, node: Node, text: str) -> Edit:
        """Write a text in the place of a node."""
        return Edit(*self.span(node), text)

    def around(self, node: Node, opens: str, shuts: str = ")") -> list[Edit]:
        """Write something on both sides of a node."""
        return around(*self.span(node), opens, shuts)

    @cached_property
    def block(self) -> Node | None:
        """The block of the function."""
        function = next((n for n in self.root.children if n.type == "function_item"), None)
        return function.child_by_field_name("body") if function else None

    @cached_property
    def lets(self) -> dict[str, list[Node]]:
        """The `let` of each name."""
        found: defaultdict[str, list[Node]] = defaultdict(list)
        for let in LET.finditer(self.code):
            node = self.root.descendant_for_byte_range(let.start(), let.end())
            if (node := ancestor(node, "let_declaration")) is not None:
                found[let[1]].append(node)
        return found

    def bound(self, name: str, before: int) -> list[Node]:
        """Find what a name was bound to, before a place: the values of its `let`s."""
        lets = self.lets.get(name, ())
        values = (let.child_by_field_name("value") for let in lets if self.end(let) <= before)
        return [value for value in values if value is not None]

    def told(self, node: Node) -> str:
        """Give what stands for a name: itself, its type, what it was bound to."""
        words = self.words(node)
        bound = self.bound(words, self.begin(node)) if node.type == "identifier" else []
        return " ".join([words, self.fn.names(words.rpartition(".")[2]), *map(self.words, bound)])


def around(file: File, begin: int, end: int, opens: str, shuts: str = ")") -> list[Edit]:
    """Write something on both sides of a stretch; on a side of which nothing is said, nothing."""
    both = Edit(file, begin, begin, opens), Edit(file, end, end, shuts)
    return [edit for edit in both if edit.new]


def shut(code: str, at: int) -> int:
    """Find where the bracket at a place is shut."""
    depth = 0
    for mark in re.finditer(r"[(){}\[\]]", code[at:]):
        depth += 1 if mark[0] in SHUT else -1
        if depth == 0:
            return at + mark.start()
    return len(code)


def _arms(code: str) -> str:
    """Write the arms of `select!` as statements."""
    depth, out = 0, list(code)
    for mark in re.finditer(r"[(){}\[\],]|=>", code):
        depth += (mark[0] in SHUT) - (mark[0] in ")]}")
        if depth == 0 and mark[0] in ("=>", ","):
            out[mark.start() : mark.end()] = ";".ljust(len(mark[0]))
    return re.sub(r"(;\s*)if\b", r"\1  ", "".join(out))


def ancestor(node: Node | None, *types: str) -> Node | None:
    """Find the node, or the nearest above it, of some types."""
    while node is not None and node.type not in types:
        node = node.parent
    return node


def nodes(node: Node, *types: str, but: tuple[str, ...] = ()) -> Iterator[Node]:
    """Give the nodes of some types inside one, none inside those of other types."""
    todo = node.named_children[::-1]
    while todo:
        child = todo.pop()
        if child.type in types:
            yield child
        if child.type not in but:
            todo += child.named_children[::-1]


def function_of(call: Node) -> Node | None:
    """Give what a call calls, without its type arguments."""
    called = call.child_by_field_name("function")
    if called is not None and called.type == "generic_function":
        return called.child_by_field_name("function")
    return called


def method(node: Node) -> tuple[str, Node | None]:
    """Give the method and the receiver of a call; of another call its last name and nothing."""
    called = function_of(node) if node.type == "call_expression" else None
    if called is None:
        return "", None
    if called.type == "field_expression":
        name = called.child_by_field_name("field")
        return (name.text or b"").decode() if name else "", called.child_by_field_name("value")
    return (called.text or b"").decode().rpartition("::")[2], None


def arguments(call: Node) -> list[Node]:
    """Give what a call is given."""
    given = call.child_by_field_name("arguments")
    return [n for n in given.named_children if "comment" not in n.type] if given else []
