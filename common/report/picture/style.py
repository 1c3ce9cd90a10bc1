"""The colours of pictures, for light and dark screens, and the sheet that a picture of its own carries."""

LIGHT = {
    "page": "#f6f7f9",
    "card": "#ffffff",
    "ink": "#1b2330",
    "muted": "#566072",
    "line": "#d5dae2",
    "edge": "#7b8697",
    "link": "#0b57b7",
    "work": "#2f6fd0",
    "data": "#1c7f5c",
    "trigger": "#a1580a",
    "good": "#17703f",
    "good-back": "#dff3e6",
    "bad": "#b3261e",
    "bad-back": "#fbe4e2",
    "warn": "#865300",
    "warn-back": "#fcefd2",
    "code": "#eef1f5",
}
"""The colours by what they are for, on a light screen."""
DARK = {
    "page": "#11151c",
    "card": "#1a202a",
    "ink": "#e8ecf2",
    "muted": "#a6b0c0",
    "line": "#323b49",
    "edge": "#8390a3",
    "link": "#8ab8ff",
    "work": "#7fb0ff",
    "data": "#5fcfa0",
    "trigger": "#f0ad5a",
    "good": "#6fd49a",
    "good-back": "#163424",
    "bad": "#ff9d94",
    "bad-back": "#46201d",
    "warn": "#f2c063",
    "warn-back": "#3d2f12",
    "code": "#232b37",
}
"""The same on a dark one."""
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
PICTURE = """
.picture text { font-family: FONT; font-size: 13px; fill: var(--ink); }
.picture .name { font-weight: 600; }
.picture .kind, .picture .verb { font-size: 11px; fill: var(--muted); }
.picture .title { font-size: 12px; font-weight: 600; fill: var(--muted); }
.picture .box { fill: var(--card); stroke: var(--line); stroke-width: 1.25; }
.picture .frame { fill: none; stroke: var(--edge); stroke-width: 1.25; stroke-dasharray: 5 4; }
.picture .work { fill: var(--work); } .picture .data { fill: var(--data); } .picture .trigger { fill: var(--trigger); }
.picture .arrow { fill: none; stroke: var(--edge); stroke-width: 1.4; }
.picture .head { fill: var(--edge); stroke: none; }
.picture .start .arrow { stroke: var(--work); stroke-width: 2; } .picture .start .head { fill: var(--work); }
.picture .start .verb { fill: var(--work); }
.picture .caught .arrow { stroke: var(--bad); stroke-dasharray: 4 3; } .picture .caught .head { fill: var(--bad); }
.picture .caught .verb { fill: var(--bad); }
.picture .back { fill: var(--card); }
.picture .dot { fill: var(--edge); }
.picture .ring { fill: none; stroke: var(--edge); stroke-width: 1.5; }
.picture .succeeded > .box { stroke: var(--good); stroke-width: 2; } .picture .succeeded .mark { fill: var(--good); }
.picture .failed > .box { stroke: var(--bad); stroke-width: 2; } .picture .failed .mark { fill: var(--bad); }
.picture .running > .box, .picture .handled > .box { stroke: var(--warn); stroke-width: 2; }
.picture .running .mark, .picture .handled .mark { fill: var(--warn); }
.picture .mark { font-size: 11px; font-weight: 600; }
""".replace("FONT", FONT)
"""How the parts of pictures look."""


def variables() -> str:
    """The colours as variables, for the sheets of pages and pictures."""
    light, dark = ("".join(f"--{name}:{colour};" for name, colour in colours.items()) for colours in (LIGHT, DARK))
    return f":root{{color-scheme:light dark;{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
