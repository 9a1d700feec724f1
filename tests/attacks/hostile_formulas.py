"""Texts written to execute something, to hang, to exhaust memory, or to pass for another text.

`hostile_formulas()` gives (kind, text) pairs, every text distinct. None of them is a formula anybody needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product


def _list(block: str) -> list[str]:
    """Items between ¦ or line ends; ⏎ is a line end inside an item."""
    return [item.replace("⏎", "\n") for item in block.strip("\n").replace("\n", "¦").split("¦")]


PAYLOADS = (
    "__import__('os').system('touch canary')",
    '__import__("subprocess").run(["touch","canary"])',
    "open('canary','w').write('x')",
    "eval('1')",
    "exec('import os')",
    "compile('1','','eval')",
    "globals()['__builtins__']",
    "().__class__.__bases__[0].__subclasses__()",
    "[].__class__.__mro__[1].__subclasses__()[0]",
    "(lambda: 0)()",
    "getattr(int, '__subclasses__')()",
    "breakpoint()",
    "input()",
    "exit()",
    "quit()",
    "vars()",
    "help(x)",
    "print(x)",
    "type('X',(),{})",
    "importlib.import_module('os')",
    "np.load('canary.npy', allow_pickle=True)",
    "pickle.loads(b'cos')",
    "sympy.sympify('1')",
    "memoryview(b'x')",
    "setattr(x, 'y', 1)",
)
FRAMES = ("{}", "x + {}", "sin({})", "{} + x", "x if {} else y", "[{}]", "({},)", "x*({})", "f'{{{}}}'", "{}; x")
DUNDERS = _list("""
__class__¦__import__¦__builtins__¦__globals__¦__subclasses__¦__init__¦__dict__¦__code__¦__name__¦__file__¦__loader__¦__spec__
__debug__¦__doc__¦__getattribute__¦__call__¦__reduce__¦__bases__¦__mro__¦__annotations__
""")
KEYWORDS = _list("""
False¦None¦True¦and¦as¦assert¦async¦await¦break¦class¦continue¦def¦del¦elif¦else¦except¦finally¦for¦from¦global¦if¦import¦in¦is
lambda¦nonlocal¦not¦or¦pass¦raise¦return¦try¦while¦with¦yield¦match¦case¦print¦exec¦eval
""")
SYNTAX = _list(r"""
lambda: x¦lambda x: x¦(lambda: os.system)()¦[x for x in y]¦{x for x in y}¦{x: y for x in y}¦(x for x in y)¦x := 1¦(x := 1)
f'{x}'¦f"{__import__('os')}"¦b'abc'¦rb'abc'¦u'x'¦'x'¦"x"¦'''x'''¦x @ y¦x @= y¦x // y¦x % y¦x << 2¦x >> 2¦x & y¦x \¦ y¦x ~ y¦~x
!x¦x == y¦x != y¦x < y¦x > y¦x <= y¦x >= y¦x is y¦x in y¦x <> y¦x and y¦x or y¦not x¦x if y else 1¦x[0]¦x[0:1]¦x[::]¦x[...]
x.y¦x.real¦x.__class__¦{}¦{x}¦{1: 2}¦[]¦[x]¦[x, y]¦()¦(x,)¦(x, y)¦x, y¦x,¦*x¦**x¦*x, y¦f(*x)¦sin(*x)¦sin(**x)¦sin(x=1)
sin(x=1, y=2)¦max(*[x, y])¦max(x, y, x)¦max(x, key=y)¦max()¦sin()¦sin(x, y)¦sin(sin)¦sin(,x)¦sin(x,,y)¦atan2(x)¦atan2(x, y, x)
sin[x]¦sin{x}¦@x¦@x⏎y¦x = 1¦x += 1¦x: int¦x: int = 1¦x -> y¦x; y¦x;¦;x¦# comment¦x # comment¦x \ y¦\¦\x41¦`x`¦$x¦${x}¦%(x)s¦%s
{0}¦{x!r}¦{x:>9}¦{x.__class__}¦{0.__class__}¦x ? y : 1¦x ?? y¦x?.y¦x => y¦x ¦> f¦x..y¦...¦x...¦...x¦1...2¦yield x¦(yield)
await x¦async x¦del x¦import os¦from os import system¦return x¦pass¦raise x¦assert x¦global x¦print x¦with x: y¦while x: y
for x in y: x¦try: x¦class x: y¦def f(): x¦0x41¦0b101¦0o17¦1_000¦1j¦2.5j¦1e5j¦1L¦1u¦010¦1e¦1e+¦1.e¦.¦..¦1.¦.e1¦1.2.3¦1e1.5
1__0¦0xg¦nan¦inf¦-inf¦NaN¦Infinity¦infinity¦1e999¦-1e999¦\frac{1}{2}¦e^{-x}¦x^{2}¦\alpha x¦\sqrt{x}¦$x$¦x_{0}¦\left(x\right)
\exp x¦\input{/etc/passwd}¦\write18{ls}¦x \cdot y¦=1+1¦=cmd¦+cmd\¦' /C calc'!A0¦-2+3+cmd¦@SUM(1)¦<script>x</script>
<img src=x>¦javascript:x¦{{7*7}}¦${7*7}¦#{7*7}¦<%= 7 %>¦'; DROP TABLE x; --¦x' OR '1'='1¦../../etc/passwd¦file:///etc/passwd
http://x¦%00¦%n%n%n¦\u0000¦&lt;¦&#x27;¦x++¦x--¦++x¦x!¦x!!¦x'¦x''¦x^¦^x¦x**¦**¦*¦/¦//¦+¦-¦,¦(¦)¦x | y¦x | | y¦x |> f¦x ||> f
+cmd|' /C calc'!A0
""")
STRANGE = {
    "cyrillic a": "\u0430",
    "cyrillic x": "\u0445 + 1",
    "greek omicron": "\u03bf*x",
    "fullwidth eval": "ｅｖａｌ(x)",
    "fullwidth dunder": "＿＿import＿＿(x)",
    "math bold": "\U0001d41e\U0001d42f\U0001d41a\U0001d425(x)",
    "small caps": "\u1d07\u1d20\u1d00\u029f(x)",
    "long s": "\u017fin(x)",
    "dotless i": "s\u0131n(x)",
    "kelvin sign": "\u212a\u212a",
    "ligature": "\ufb01(x)",
    "zero width space": "si\u200bn(x)",
    "zero width joiner": "x\u200dy",
    "soft hyphen": "x\u00ady",
    "word joiner": "x\u2060y",
    "byte order mark": "\ufeffx + 1",
    "right to left": "\u202ex + 1",
    "left to right": "x\u202d+1",
    "isolate": "\u2067x\u2069",
    "combining": "x\u0301",
    "many combining": "x" + "\u0301" * 60,
    "variation": "x\ufe0f",
    "tag": "x\U000e0041",
    "private": "x\ue000",
    "nonchar": "x\uffff",
    "surrogate": "\ud800",
    "surrogate pair": "x\ud83d\ude00",
    "lone low": "x + \udc80",
    "nul": "x\x00",
    "nul inside": "x\x00+1",
    "bell": "x\x07",
    "escape": "\x1b[31mx",
    "delete": "x\x7f",
    "form feed": "x\x0c+\x0b1y",
    "carriage": "x\r\ny",
    "newline": "x\ny",
    "newline inside": "x +\nimport os",
    "tab": "x\ty",
    "line separator": "x\u2028y",
    "next line": "x\x85y",
    "nbsp": "x\u00a0y",
    "ideographic space": "x\u3000y",
    "arabic digit": "\u0661 + x",
    "devanagari": "\u0967\u0968",
    "fraction": "\u00bd*x",
    "roman": "\u2167",
    "circled": "\u2460*x",
    "superscript run": "x\u2079\u2079\u2079\u2079\u2079\u2079\u2079",
    "superscript minus": "x\u207b",
    "subscript": "x\u2080\u208a",
    "root": "\u221ax",
    "cube root": "\u221b(x)",
    "integral": "\u222bx",
    "sum": "\u2211x",
    "infinity": "\u221e",
    "degree": "x\u00b0",
    "prime": "x\u2032",
    "emoji": "\U0001f600",
    "flag": "\U0001f1ef\U0001f1f5",
    "one sign many letters": "\ufdfa" * 1500,
    "arabic": "\u0627\u0644",
    "hebrew": "\u05d0 + x",
    "quotes": "\u201cx\u201d",
    "guillemets": "\u00abx\u00bb",
    "minus row": "x \u2212\u2013\u2010 y",
    "division slash": "x \u2215 0",
    "fullwidth tower": "９＾９＾９＾９",
    "fullwidth bracket": "（" * 150,
    "dash": "x \u2014 y",
    "tilde": "x \uff5e y",
    "greek towers": "\u03c0^\u03c0^\u03c0^\u03c0^\u03c0^9e9",
    "epsilons": "\u03b5+" * 999 + "\u03b5",
    "alpha names": "\u03b1" * 61,
}
DOMAIN = _list(r"""
1/0¦x/0¦0**-1¦0**(-0.5)¦1/(1-1)¦1/(x-x)¦(-8)**0.5¦(-8)**(1/3)¦(-1)**0.1¦sqrt(-1)¦sqrt(-2*3)¦log(0)¦log(-1)¦log10(0)¦log2(-3)
log1p(-1)¦log1p(-2)¦asin(2)¦acos(-3)¦acosh(0)¦atanh(1)¦atanh(2)¦tan(1e308)¦exp(710)¦exp(1e9)¦exp(exp(exp(exp(9))))¦exp(exp(7))
cosh(1e4)¦sinh(1e4)¦expm1(1e5)¦exp(-exp(exp(9)))¦1e308*10¦1e308+1e308¦1e308*1e308¦1e-308*1e-308¦1e200**2¦1e-200**2¦10**400
10**-400¦10**10**10¦2**1024¦2**1e9¦2**-1e9¦1.0000001**1e12¦(1+1e-9)**1e15¦x**1e999¦x**(10**400)¦x**1e308*x**1e308
(x**1e200)**1e200¦(x**1e9)**1e300¦lgamma(1e308)¦lgamma(0)¦lgamma(-1)¦erf(1e999)¦lambertw(-9)¦j0(1e308)¦j1(-1e308)¦atan2(0,0)
min(1e999,x)¦max(x,1e400)¦sign(0)/0¦abs(-1e309)¦cbrt(-1e400)¦0*1e999¦0**0**0¦0**0¦x**0/0¦(x-x)**-1¦1/sin(0)¦1/sinh(0)¦csc(0)
cot(0)¦sec(0)/0¦coth(0)¦sinc(1e308)¦sinc(1e999)¦1/erfc(1e5)¦x/exp(-1e6)¦1/exp(-800)¦pi**pi**pi**1e300¦(-pi)**0.5¦(-pi)**1e300
(-1*pi)**(1e300+0.5)
""")


def towers() -> Iterator[str]:
    """Powers of powers: short texts, astronomically large numbers."""
    for n, operator, base in product((2, 3, 5, 9, 15, 22), ("**", "^"), ("9", "2", "99", "9.9", "x", "pi")):
        yield operator.join([base] * n)
    yield "((((((9**9)**9)**9)**9)**9)**9)**9*1**1**1"  # 43 characters
    yield "(((((((2**8)**8)**8)**8)**8)**8)**8)**8**1"
    for n in (3, 10, 40, 120):
        yield "(" * n + "9" + "**9)" * n
        yield "(" * n + "x" + "**9)" * n
        yield "(" * n + "x" + "**2+1)" * n
        yield "(" * n + "x" + "*x)**2" * n
        yield "9**-" * n + "9"
        yield "x**-" * n + "x"
    yield from (f"{a}**{b}" for a, b in product(("9" * 30, "1e300", "0.1", "1e-300"), ("99999", "1e10", "-99999", "0.5e9")))


def large() -> Iterator[str]:
    """Long, deep or wide: bracket walls, unary chains, sums and calls by the thousand."""
    for n in (50, 99, 101, 199, 300, 990):
        yield "(" * n + "x" + ")" * n
        yield "(" * n
        yield ")" * n
        yield "-" * n + "x"
        yield "+-" * n + "x"
        yield "x" + "+x" * n
        yield "x" + "*y" * n
        yield "x" + "/y" * n
        yield "x" + "-1" * n
        yield "1" + "+1" * n
        yield "1" + "/3" * n
        yield "x" + "+0.1" * (n // 2)
        yield "abs(" * (n // 5) + "x" + ")" * (n // 5)
        yield "sqrt(" * (n // 6) + "x" + ")" * (n // 6)
        yield "sin(cos(" * (n // 9) + "x" + "))" * (n // 9)
        yield "a" * n
        yield "9" * n
        yield "0." + "1" * n
        yield "1e" + "9" * n
        yield " " * n + "x" + " " * n + "y"
        yield "x\n" * n
        yield "x**" * n + "2"
        yield "[" * n + "x" + "]" * n
        yield "{" * n + "x" + "}" * n
        yield "max(x," * (n // 7) + "y" + ")" * (n // 7)
        yield "1/(1+" * (n // 6) + "x" + ")" * (n // 6)
        yield "(x+1)*" * (n // 6) + "1"
        yield "f" * n + "(x)"
    yield from ("x" * 100_000, "(" * 100_000, "-" * 100_000 + "x", " " * 1_000_000, "9" * 1_000_000, "x+" * 500_000, "\ufdfa" * 100_000)
    yield "+".join(f"a{i}*x**{i}" for i in range(150))
    yield "+".join(f"{i}.{i}/{i + 7}" for i in range(150))
    yield "*".join(f"({i}/{i + 1}+x)" for i in range(100))


def smuggled() -> Iterator[str]:
    """Payloads inside every frame, dunder names and keywords in every position."""
    yield from (frame.format(payload) for frame, payload in product(FRAMES, PAYLOADS))
    for name in DUNDERS:
        yield from (name, f"{name}(x)", f"x.{name}", f"sin({name})", f"x + {name}*y")
    for word in KEYWORDS:
        yield from (word, f"{word}(x)", f"x {word} y", f"{word} x", f"x*{word}")


def hostile_formulas() -> list[tuple[str, str]]:
    """(kind, text), every text once."""
    kinds = {
        "tower": towers(),
        "large": large(),
        "smuggled": smuggled(),
        "syntax": iter(SYNTAX),
        "domain": iter(DOMAIN),
        "strange": iter(STRANGE.values()),
    }
    seen: dict[str, str] = {}
    for kind, texts in kinds.items():
        for text in texts:
            seen.setdefault(text, kind)
    return [(kind, text) for text, kind in seen.items()]
