"""What a benchmark says: the JSON for programs, a table for the terminal, one for docs/benchmarks.md."""
import datetime
import json
import os
import pathlib
import platform


def number(value, unit):
    if unit == "count":
        return f"{value:g}"
    text = f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
    return f"{text} {unit}"


def factor(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def cells(row):
    low, high = row["interval"]
    holds = {None: "reported", True: "yes", False: "**no**"}[row["holds"]]
    goal = "–" if row["goal"] is None else f"≤ {row['goal']:g}"
    return [
        row["name"],
        number(row["ours"], row["unit"]),
        number(row["peer"], row["unit"]),
        factor(row["ratio"]),
        f"{factor(low)}–{factor(high)}",
        goal,
        holds,
    ]


HEADINGS = ["figure: peer", "ours", "peer", "ours / peer", "95 % interval", "goal", "holds"]


def terminal_table(rows):
    table = [HEADINGS, *([cell.replace("**", "") for cell in cells(row)] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table)


def summary(rows):
    judged = [row for row in rows if row["goal"] is not None]
    broken = [row["name"] for row in judged if not row["holds"]]
    text = f"{len(judged) - len(broken)} of {len(judged)} goals hold"
    return text + "".join(f"\n  does not hold: {name}" for name in broken)


def machine():
    """The machine in words: processor, how many, system, and how busy it is."""
    cpu = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return f"{cpu}, {os.cpu_count()} cores, {system}, Linux {platform.release().split('-')[0]}"


def write_json(rows, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    scratch.replace(path)


def markdown(rows, rounds, load):
    lines = [f"{machine()}; {datetime.date.today().isoformat()}; {rounds} rounds; load average at the start {load:.1f}.", ""]
    lines += ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines)


def put_between_markers(page, area, text):
    """Replaces what stands between `<!-- AREA:begin -->` and `<!-- AREA:end -->` of a page."""
    begin, end = f"<!-- {area}:begin -->\n", f"<!-- {area}:end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no lines {begin.strip()} and {end}")
    return before + begin + text + "\n" + end + after
