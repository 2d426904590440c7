"""The grammar of EEL2, the language of JSFX: trees of tuples out of a text."""

import re

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)(?![eE\w])|(?P<constant>\$[a-z]+)|(?P<name>[A-Za-z_]\w*)"
    r'|(?P<string>"[^"]*")|(?P<op>\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|&&|\|\||<<|>>|[-+*/%^!<>=?:;,()\[\]&|~]))'
)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
# From loose to tight, as the reference lists them: division before multiplication, subtraction before addition.
LEVELS = [
    ("&&", "||"),
    ("<", ">", "<=", ">=", "==", "!="),
    ("&", "|", "~"),
    ("+",),
    ("-",),
    ("*",),
    ("/",),
    ("%", "<<", ">>"),
    ("^",),
]
ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "^=")


class Parser:
    """Trees of tuples out of a text."""

    def __init__(self, text):
        self.tokens, at = [], 0
        text = COMMENT.sub(" ", text).rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"not EEL2: {text[at : at + 40]!r}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, *expected):
        kind, text = self.tokens[self.at]
        assert not expected or text in expected, f"expected {expected}, found {text!r}"
        self.at += 1
        return kind, text

    def sequence(self, *ends):
        items = []
        while self.peek() not in (None, *ends):
            if self.peek() == ";":
                self.take()
                continue
            items.append(self.function() if self.peek() == "function" else self.expression())
            assert self.peek() in (";", None, *ends), f"expected ; before {self.peek()!r}"
        return ("sequence", items)

    def function(self):
        self.take("function")
        name, parameters = self.take()[1], self.names()
        local = []
        if self.peek() == "local":
            self.take()
            local = self.names()
        return ("function", name, parameters, local, self.block())

    def names(self):
        self.take("(")
        names = []
        while self.peek() != ")":
            names.append(self.take()[1])
        self.take(")")
        return names

    def block(self):
        self.take("(")
        body = self.sequence(")")
        self.take(")")
        return body

    def expression(self):
        left = self.choice()
        if self.peek() in ASSIGNMENTS:
            operator = self.take()[1]
            assert left[0] in ("name", "memory"), f"cannot assign to {left}"
            left = ("assign", operator[:-1], left, self.choice())
            assert self.peek() not in ASSIGNMENTS, "assignments in a row"
        return left

    def choice(self):
        condition = self.binary(0)
        if self.peek() != "?":
            return condition
        self.take("?")
        then, other = self.choice(), ("number", "0")
        if self.peek() == ":":
            self.take()
            other = self.choice()
        return ("choice", condition, then, other)

    def binary(self, level):
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in LEVELS[level]:
            left = ("binary", self.take()[1], left, self.binary(level + 1))
        return left

    def unary(self):
        if self.peek() in ("-", "+", "!"):
            return ("unary", self.take()[1], self.unary())
        value = self.primary()
        while self.peek() == "[":
            self.take()
            value = ("memory", value, self.expression() if self.peek() != "]" else ("number", "0"))
            self.take("]")
        return value

    def primary(self):
        if self.peek() == "(":
            return self.block()
        kind, text = self.take()
        if kind == "name" and text == "while":
            self.take("(")
            condition = self.expression()
            self.take(")")
            return ("while", condition, self.block())
        if kind == "name" and self.peek() == "(":
            return ("call", text, self.arguments())
        assert kind in ("number", "constant", "name", "string"), f"unexpected {text!r}"
        return (kind, text)

    def arguments(self):
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.sequence(",", ")"))
            if self.peek() == ",":
                self.take()
        self.take(")")
        return found
