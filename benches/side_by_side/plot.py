"""Draws wall time and peak memory against rows, from what run.py recorded.  usage: plot.py RESULTS.jsonl OUT.svg [--job accounts]

Both axes are logarithmic, so a cost that grows linearly is a straight line as steep as the dotted one. The last line of each
size counts, of the machine and the version of tanguero that the last line of all has. Readable on light and on dark.
"""
import argparse, html, json, math

COLOURS = {"tanguero": ("#c0392b", "#ff7b6b"), "duckdb": ("#8a6d00", "#e5c04a"), "polars": ("#1f5fa8", "#76b0f5"),
           "pandas": ("#6b3fa0", "#c09af0"), "floor_duckdb": ("#777777", "#999999"), "floor_polars": ("#777777", "#999999")}
NAMES = {"duckdb": "DuckDB", "polars": "Polars", "floor_duckdb": "floor, DuckDB", "floor_polars": "floor, Polars"}
WIDTH, HEIGHT, TOP, BOTTOM = 460, 340, 64, 48
LEFT, RIGHT, GAP = 58, 104, 24


def read(path, job):
    with open(path, encoding="utf-8") as file:
        lines = [line for line in map(json.loads, file) if line["job"] == job]
    if not lines:
        raise SystemExit(f"{path} has no line of the job {job}")
    last = lines[-1]
    same = [line for line in lines if line["machine"] == last["machine"] and line["versions"]["tanguero"] == last["versions"]["tanguero"]]
    sizes = {}
    for line in same:
        sizes.setdefault(line["rows"], {}).update(line["programs"])
    return last, sizes


def short(number):
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def ticks(low, high):
    """1, 2 and 5 times powers of ten within the axis; powers alone if these are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [step * 10**power for power in powers for step in (1, 2, 5) if low <= step * 10**power <= high]
    return found if len(found) <= 8 else [tick for tick in found if f"{tick:e}"[0] == "1"]


def panel(offset, title, unit, measure, sizes, out):
    points = {}
    for rows in sorted(sizes):
        for name, figures in sizes[rows].items():
            points.setdefault(name, []).append((rows, figures[measure]))
    flat = [value for line in points.values() for _, value in line]
    x_low, x_high = min(sizes) / 1.2, max(sizes) * 1.2
    y_low, y_high = min(flat) / 1.4, max(flat) * 1.4
    x0, x1, y0, y1 = offset + LEFT, offset + WIDTH - RIGHT, HEIGHT - BOTTOM, TOP

    def x(rows):
        return x0 + (x1 - x0) * math.log(rows / x_low) / math.log(x_high / x_low)

    def y(value):
        return y0 + (y1 - y0) * math.log(value / y_low) / math.log(y_high / y_low)

    out.append(f'<text class="title" x="{x0}" y="{TOP - 14}">{title}</text>')
    for tick in ticks(y_low, y_high):
        out.append(f'<line class="grid" x1="{x0}" x2="{x1}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
                   f'<text x="{x0 - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}{unit}</text>')
    for rows in sorted(sizes):
        out.append(f'<line class="grid" x1="{x(rows):.1f}" x2="{x(rows):.1f}" y1="{y0}" y2="{y1}"/>'
                   f'<text x="{x(rows):.1f}" y="{y0 + 16}" text-anchor="middle">{short(rows)}</text>')
    out.append(f'<text x="{(x0 + x1) / 2}" y="{y0 + 34}" text-anchor="middle">rows</text>')
    if "tanguero" in points and len(sizes) > 1:  # what linear looks like: from its first point, cut at the top
        rows, value = points["tanguero"][0]
        end = min(max(sizes), rows * y_high / value)
        out.append(f'<line class="linear" x1="{x(rows):.1f}" y1="{y(value):.1f}" x2="{x(end):.1f}" y2="{y(value * end / rows):.1f}"/>')
    labels = []
    for name, line in points.items():
        path = " ".join(f"{x(rows):.1f},{y(value):.1f}" for rows, value in line)
        out.append(f'<polyline class="line {name}" points="{path}"/>')
        out += [f'<circle class="dot {name}" cx="{x(rows):.1f}" cy="{y(value):.1f}" r="3"/>' for rows, value in line]
        labels.append([y(line[-1][1]), x(line[-1][0]), name])
    labels.sort()
    for before, after in zip(labels, labels[1:]):  # no label upon another
        after[0] = max(after[0], before[0] + 14)
    for height, _, name in labels:
        out.append(f'<text class="name {name}" x="{x1 + 6}" y="{height + 4:.1f}">{NAMES.get(name, name)}</text>')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("out")
    parser.add_argument("--job", default="accounts")
    given = parser.parse_args()
    last, sizes = read(given.results, given.job)
    total = 2 * WIDTH + GAP
    machine, versions = last["machine"], last["versions"]
    about = (f"{machine['processors']} processors, {machine['memory_gb']:.0f} GB; "
             + ", ".join(f"{name} {version.removeprefix(name).strip()}" for name, version in versions.items() if name not in ("numpy", "pyarrow")))

    def style(which):
        return "".join(f".{name}{{--own:{colours[which]}}}" for name, colours in COLOURS.items())

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT}" width="{total}" height="{HEIGHT}" role="img">',
           f"<title>{html.escape(given.job)}: wall time and peak memory against rows</title>",
           "<style>svg{--ink:#222;--faint:#d5d5d5;--paper:#fff}", style(0),
           "@media(prefers-color-scheme:dark){svg{--ink:#ddd;--faint:#3a3a3a;--paper:#16181c}", style(1), "}",
           "text{font:12px system-ui,sans-serif;fill:var(--ink)}.title{font-weight:600;font-size:13px}.paper{fill:var(--paper)}"
           ".grid{stroke:var(--faint)}.linear{stroke:var(--ink);stroke-dasharray:2 4;opacity:.6}"
           ".line{fill:none;stroke:var(--own);stroke-width:1.6}.line.tanguero{stroke-width:3}.dot{fill:var(--own)}.name{fill:var(--own)}"
           ".line.floor_duckdb{stroke-dasharray:6 3}.line.floor_polars{stroke-dasharray:2 3}</style>",
           f'<rect class="paper" width="{total}" height="{HEIGHT}" rx="6"/>',
           f'<text x="{LEFT}" y="24">{html.escape(given.job)}: {html.escape(about)}</text>']
    panel(0, "wall time (dotted: linear)", " s", "wall", sizes, out)
    panel(WIDTH + GAP, "peak memory (dotted: linear)", " MB", "peak_mb", sizes, out)
    out.append("</svg>")
    with open(given.out, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


main()
