"""Formulas that describe the same family of curves, and pairs that only look as if they did."""

from __future__ import annotations

# Every line is one family (an indented line goes on with the one above): all spellings must have one key.
EQUAL = (
    """
a*x + b | b + x*a | q1*x + q0 | a*(x + b) | a*(x - b) | (x - a)/b | a*x/3 + 2*b | x*a*b + c | (a + b)*x + c | a*x + b + c
    | a - b*x | a + (x + b)/c | a*x + b*x + c | a*x + 2*x + b | a*(x + 1) + b | a*(2 - x) + b | (a*x + b)/c | (a*x + b)/(c*d)
a*x | x*a | x/a | a*b*x | x*exp(a) | a*x/pi | -a*x | x*(a - b) | 3*a*x*b | a*x + b*x | sqrt(a)*x | a**2*x | a*x*1e-9 | x*a**b | a*log(b)*x
a*x**2 + b*x + c | c + x*(b) + a*x*x | x**2/a + x/b + c
a*exp(b*x) | a*exp(-b*x) | a*exp(x/b) | exp(a + b*x) | exp(a)*exp(-x/b) | a*2**(x/b) | a*10**(b*x) | a*b**x | exp((x - a)/b)
    | b**(x - a) | a*exp(b*x + 3) | a*exp(b*(x - c))
a + b*exp(-x/c) | a + b*(1 - exp(-x/c)) | a - (b - a)*exp(-x/c)*0 + b*exp(c*x) | a + b*(exp(x/c) - 1) | a + exp(b - x*c)
    | a + b*expm1(x/c)
a*(1 - exp(-x/b)) | a*(exp(-b*x) - 1) | a*(1 - exp(b*x)) | a*expm1(b*x)
a*x**b | a*(x/b)**c | a*(x/300)**b | exp(a)*x**b | x**a/b | a*(b*x)**c | a*x**(-b) | a*x**(2*b)
a*sqrt(x) | sqrt(a*x) | sqrt(2*a*x) | a*(x/b)**0.5 | sqrt(x/a)
a*log(x) + b | a*log(b*x) | a*log(x/b) | a*log10(x) + b | a*log2(x/b) | a*log(x/300) + b | b + a*log(3*x) | a*(log(x) + b)
log(x) + a | log(a*x) | log(x/a) | log(3*x/a)
a*sin(b*x + c) | a*sin(b*x - c) | a*cos(b*x + c) | a*sin(2*pi*x/b + c) | -a*cos(c - x*b) | a*sin(b*(x - c))
a*sin(b*x) | a*sin(x/b) | a*sin(2*pi*b*x) | a*b*sin(c*x)
a*sinc(b*x)**2 | a*(sin(b*x)/(b*x))**2 | a*sin(b*x)**2/(b*x)**2 | a*sinc(x/(2*b))**2 | a*sin(x*b)**2/x**2
a*exp(-(x - b)**2/(2*c**2)) | a*exp(-c*(x - b)**2) | a/(c*sqrt(2*pi))*exp(-d*(x + b)**2) | a*exp(-((x - b)/c)**2)
a*exp(-b*x**2) | a*exp(-x**2/b) | a*exp(-(x/b)**2)
a*x/(b + x) | x*a/(x + b) | x/(a + b*x) | a*b*x/(1 + b*x)*0 + a*x/(b + x) | a*x/(2*b + 2*x)
a/(x + b) | 1/(a*x + b) | a/(b*x + c) | 2*a/(3*x - b) | 1/(a + x/b)
a/(b + (x - c)**2) | a/(1 + b*(x - c)**2) | a/(1 + ((x - c)/b)**2)
a/(1 + exp(-(x - b)/c)) | a/(1 + exp(b - c*x)) | a/(1 + b*exp(-c*x)) | a/(b + c*exp(-d*x))
a*exp(-x/b) + c*exp(-x/d) | c*exp(-d*x) + a*exp(-b*x) | a*2**(-x/b) + exp(c - x*d)
a*x*y | x*y/a | y*a*x*b
a*x**b*y**c | y**c*x**b*a | a*(x/2)**b*(y/3)**c | x**b*(a*y)**c
a*x + b*y + c | c + b*y + a*x | a*(x + b*y) + c | a*(b*y + x + c)
a*exp(b*x)*exp(c*y) | a*exp(b*x + c*y) | exp(a + b*x + c*y) | a*b**x*c**y
(a*x + b)*(y + c) | (x + a)*(b*y + c) | (a*x + b)*(c*y + d) | a*(x + b)*(y + c)
a*x*exp(-b*x) | x*exp(a - b*x) | a*x*exp(-x/b)
a*tanh(b*x) | a*tanh(x/b) | tanh(x/b)/a
a*tanh(b*x + c) | a*tanh((x - b)/c) | a*tanh(c*(x + b))
a*sqrt(1 + b*x**2) | a*sqrt(1 + x**2/b)
a*x**1.5 | (a*x)**1.5 | a*(x/b)**1.5 | a*x*sqrt(x) | x**1.5/a
sqrt(x**2 + a) | sqrt(a + x**2) | sqrt(x**2 + a + b)
a/x**2 | a*x**-2 | 1/(a*x**2) | (a/x)**2 | a*b/(x*x)
a + b/x | (a*x + b)/x*0 + a + b/x | b/(3*x) + a
a*(-x)**1.5 | a*(-x/b)**1.5 | (-a*x)**1.5
x + x | 2*x
x**2 | x*x
a | a*b | a + b | exp(a) | 3*a
1/(x + a)**2*b | b/(c*x + a)**2 | b*(a + x)**-2
(a*x + b)**3 | a*(x + b)**3 | (x/a - b)**3 | a*(2*x - b)**3
a*sin(b*x) + c*cos(b*x) | c*cos(x*b) + a*sin(x*b)
a*exp(-b/x) | a*exp(-b/(2*x)) | exp(a - b/x) | a*b**(1/x)
a*x**2*exp(-b/x) | x**2*exp(a - b/x)
a*erf(x/b) | a*erf(b*x)
a*j1(b*x)/x | j1(x*b)/(x/a)
a*max(x, b) | max(x, b)*a | max(b, x)/a
a*(x**2 - y**2) | a*(y**2 - x**2) | (x**2 - y**2)/a | 3*a*(x**2 - y**2)
(x - y)/a | a*(y - x) | (2*x - 2*y)*a
a*log(x/y) + b | a*log(b*x/y) | a*log(2*x/y) + b
log1p(x) + a | log(1 + x) + a
10**x*a | a*exp(2.302585092994046*x)
a*lambertw(b*x) | a*lambertw(x/b)
""".replace("\n    ", " ")
    .strip()
    .splitlines()
)

# Each line is two families: the keys must differ.
DIFFERENT = """
a*x**2 + b | a*x**2 + b*x
a*exp(-b*x) | a*exp(-b*x) + c
a*exp(-b*x) | exp(-b*x)
a*sinc(b*x) | a*sin(b*x)
a*sinc(b*x) | a*sinc(b*x)**2
sin(a*x)/x | a*sin(b*x)/x
a*x + a**2 | a*x + b
a*x + a | a*x + b
a*x + b*a | a*x + a
a*x + a*x**2 | a*x + b*x**2
x + x | a*x
x + x | x
x + a | a*x
a*x + b | a*x
a*x + 1 | a*x + b
x + 1 | x + 2
2*x | 3*x
x**2 | x**3
x**a | a*x
x**a | a*x**b
a**x | a*b**x
2**x | 3**x
sin(a)*x | a*x
tanh(a)*x | a*x
cosh(a)*x | a*x
(1 + a**2)*x | a*x
(1 + exp(a))*x | a*x
sign(a)*x | a*x
erf(a) + x | a + x
j0(a)*x | a*x
atan2(a, b)*x | a*x
min(a, 1)*x | a*x
sqrt(x + a) | sqrt(a - x)
a*sqrt(x + b) | a*sqrt(b - x)
a*sqrt(1 - x/b) | a*sqrt(x + b)
a*(1 + x/b)**c | a*(x + b)**c
a*log(x + b) | a*log(b - x)
log(x + a) | log(a*x + 1)
log(-x) + a | log(x) + a
a*(-x)**1.5 | a*x**1.5
a*(-x/b)**c | a*(x/b)**c
a*sin(x + b) | a*sin(b*x)
sin(x + a) | sin(x) + a
a*sin(b*x) + c*cos(b*x) | a*sin(b*x) + c*cos(d*x)
a*exp(-x/b) + c*exp(-x/b**2) | a*exp(-x/b) + c*exp(-x/d)
exp(-a*x)*a | exp(-a*x)*b
a*exp(-a*x) + b | b*exp(-a*x) + c
a*x/(b + x) | a*x/(1 + x)
a*x/(b + x) | a/(b + x)
a*x/(b + x) | a*x**2/(b + x**2)
a*x/(b + x) | a*x/(b + x) + c
(a*x + b)**2 | a*x**2 + b
(a*x + b)**2*c | (x + b)**2
(x + a)**2 | a*(x + b)**2
a*x**2 + 2*a*b*x + b | a*x**2 + b*x + c
1/(x + a) | a/(x + b)
1/(a + x**2) | 1/(a + x)
a*x*y | a*x + y
a*x*y | a*x/y
a*x/y | a*y/x
a*x*exp(-b*y) | a*y*exp(-b*x)
x**y | y**x
x**a*y**a | x**a*y**b
(x + a)*(y + a) | (x + a)*(y + b)
a*(x + b)*(y + b) | a*(x + b)*(y + c)
a*exp(-(x - b)**2/c) | a*exp(-(x - b)/c)
a*exp(-(x - a)**2/b) | c*exp(-(x - a)**2/b)
atan2(a*x, y) | atan2(y, a*x)
max(x, a) | min(x, a)
a*max(x, b) | max(a*x, b)
log(x)*a | log(a*x)
a*log(x) | a*log10(x) + b
exp(a*x) | a*exp(x)
exp(x**a) | exp(a*x)
sqrt(x**2 + a) | sqrt(x**2) + a
sqrt(a*x**2 + b) | sqrt(x**2 + b)
a*(1 - exp(-x/b)) | a*exp(-x/b)
a*(1 - exp(-x/b)) | b*(1 - exp(-x/b)) + a
a*(x - y) | a*x - b*y
x - y | a*(x - y)
x/y + a | a*x/y
a*sin(b*x)**2 | a*sin(b*x**2)
a*cos(b*x) | a*sin(b*x)
x*cos(a*x) | x*sin(a*x + b)
a*2**x | a*b**x
2**a*x**a | a*x**b
a**b*x**b*c**0 + b | a*x**b + c
a/(1 + exp(b - c*x)) | a/(1 + exp(-c*x))
a*cbrt(x + b) | a*(x + b)**0.5
""".strip().splitlines()


def equal_pairs() -> list[tuple[str, str]]:
    """(first spelling of the family, another spelling)."""
    lines = [[text.strip() for text in line.split("|")] for line in EQUAL]
    return [(first, other) for first, *others in lines for other in others]


def different_pairs() -> list[tuple[str, str]]:
    return [(one.strip(), other.strip()) for one, other in (line.split("|") for line in DIFFERENT)]
