"""EEL2 as Python: lines of code out of trees, and what its operators and functions mean."""

import itertools
import math
import re

CLOSE = 0.00001  # numbers nearer than this are equal, and smaller than this are false
MOST_ROUNDS = 1_048_576


def same(a, b):
    return 1.0 if abs(a - b) < CLOSE else 0.0


def true(value):
    return abs(value) > CLOSE


def rounds(count):
    assert count <= MOST_ROUNDS, f"a loop of {count} rounds ends early"
    return range(int(count))


def logarithm(function):
    return lambda value: function(value) if value > 0 else -math.inf


PURE = {
    "abs": abs,
    "ceil": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": logarithm(math.log),
    "log10": logarithm(math.log10),
    "max": max,
    "min": min,
    "sin": math.sin,
    "sqrt": lambda value: math.sqrt(abs(value)),
}


class Translator:
    """Python lines out of trees; `value` returns an expression without side effects."""

    def __init__(self, functions):
        self.functions, self.lines, self.local, self.depth = functions, [], frozenset(), 1
        self.counter = itertools.count()

    def emit(self, line):
        self.lines.append("    " * self.depth + line)

    def temporary(self, value):
        name = f"t{next(self.counter)}"
        self.emit(f"{name} = {value}")
        return name

    def variable(self, name):
        return f"l_{name}" if name in self.local else f"v_{name}"

    def value(self, node):
        return getattr(self, f"value_{node[0]}")(*node[1:])

    def value_number(self, text):
        return repr(float(text))

    def value_constant(self, text):
        return {"$pi": repr(math.pi)}[text]

    def value_string(self, text):
        return repr(text[1:-1])

    def value_name(self, name):
        return self.variable(name)

    def value_memory(self, base, index):
        return f"m[int({self.value(base)} + {self.value(index)} + {CLOSE})]"

    def value_sequence(self, items):
        last = "0.0"
        for item in items:
            if last != "0.0":
                self.emit(last)
            last = self.value(item)
        return last

    def value_unary(self, operator, operand):
        value = self.value(operand)
        return {"-": f"(-{value})", "+": value, "!": f"(0.0 if true({value}) else 1.0)"}[operator]

    def value_binary(self, operator, left, right):
        if operator in ("&&", "||"):
            return self.shortcut(operator, left, right)
        a = self.kept(self.value(left), right)
        b = self.value(right)
        match operator:
            case "==":
                return f"same({a}, {b})"
            case "!=":
                return f"(1.0 - same({a}, {b}))"
            case "<" | ">" | "<=" | ">=":
                return f"(1.0 if {a} {operator} {b} else 0.0)"
            case "%":
                return f"float(int({a}) % int({b}))"
            case "^":
                return f"({a} ** {b})"
        return f"({a} {operator} {b})"

    def kept(self, value, later):
        """A value that what is evaluated after it cannot change."""
        return self.temporary(value) if _acts(later) else value

    def shortcut(self, operator, left, right):
        result = self.temporary(f"1.0 if true({self.value(left)}) else 0.0")
        self.emit(f"if {'' if operator == '&&' else 'not '}{result}:")
        self.depth += 1
        self.emit(f"{result} = 1.0 if true({self.value(right)}) else 0.0")
        self.depth -= 1
        return result

    def value_choice(self, condition, then, other):
        result = self.temporary("0.0")
        self.emit(f"if true({self.value(condition)}):")
        for branch in (then, other):
            self.depth += 1
            self.emit(f"{result} = {self.value(branch)}")
            self.depth -= 1
            if branch is then:
                self.emit("else:")
        return result

    def value_assign(self, operator, target, value):
        if target[0] == "name":
            place = self.variable(target[1])
        else:
            place = f"m[{self.temporary(f'int({self.value(target[1])} + {self.value(target[2])} + {CLOSE})')}]"
        value = self.value(value)
        match operator:
            case "":
                self.emit(f"{place} = {value}")
            case "%":
                self.emit(f"{place} = float(int({place}) % int({value}))")
            case "^":
                self.emit(f"{place} = {place} ** {value}")
            case _:
                self.emit(f"{place} = {place} {operator} ({value})")
        return place

    def value_call(self, name, arguments):
        if name == "loop":
            self.emit(f"for _ in rounds({self.value(arguments[0])}):")
            return self.body(arguments[1])
        values = [self.temporary(self.value(argument)) for argument in arguments]
        assert name in PURE or name in self.functions, f"there is no function {name}"
        return self.temporary(f"f_{name}({', '.join(values)})")

    def value_while(self, condition, body):
        self.emit("while True:")
        self.depth += 1
        self.emit(f"if not true({self.value(condition)}): break")
        self.depth -= 1
        return self.body(body)

    def body(self, node):
        self.depth += 1
        self.emit(self.value(node))
        self.depth -= 1
        return "0.0"

    def define(self, name, parameters, node, local=()):
        """The lines of a Python function of this name."""
        self.lines, self.local, self.depth = [], frozenset((*parameters, *local)), 1
        result = self.value(node)
        used = sorted(set(re.findall(r"\bv_\w+", "\n".join([*self.lines, result]))))
        header = [f"def {name}({', '.join(f'l_{parameter}' for parameter in parameters)}):"]
        header += [f"    global {', '.join(used)}"] if used else []
        return [*header, *self.lines, f"    return {result}", ""], used


def _acts(node):
    return isinstance(node, tuple | list) and (
        node[:1] in (("assign",), ("call",)) or any(_acts(part) for part in node if isinstance(part, tuple | list))
    )
