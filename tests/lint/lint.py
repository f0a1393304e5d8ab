#!/usr/bin/env python3
"""Checks that no compiler makes: lint.py layers|links. Prints every violation and exits 1, or says how much it looked at.

layers  libraries include no app, apps include no other app, and libraries (telemetry and the shared command line aside) don't log or print
links   relative links of the Markdown pages lead to files, and anchors-free paths in `backquotes` that look like ours exist
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = (".cpp", ".h")
# The only library files that may print: the log itself, and what main() calls before there is a log.
MAY_PRINT = {"libs/telemetry/log.cpp", "libs/config/command_line.cpp", "libs/base/check.cpp"}
PRINTS = re.compile(r"\b(std::cout|std::cerr|std::printf|std::fprintf|std::puts|log::(debug|info|warning|error)\()")
INCLUDE = re.compile(r'^#include "([a-z_]+)/', re.M)


def files(*folders, endings=SOURCES):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in endings and "node_modules" not in path.parts]


def layers():
    apps = {path.name for path in (ROOT / "apps").iterdir() if path.is_dir()}
    looked = files("libs", "apps")
    for path in looked:
        name = path.relative_to(ROOT).as_posix()
        area, own = name.split("/")[:2]
        text = path.read_text()
        for included in INCLUDE.findall(text):
            if included in apps and (area == "libs" or included != own):
                yield f"{name}: includes the app {included}"
        if area == "libs" and name not in MAY_PRINT and PRINTS.search(text):
            yield f"{name}: a library logs or prints ({PRINTS.search(text).group(0)})"
    yield len(looked)


def links():
    pages = [page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]]
    looked = 0
    for page in pages:
        text = page.read_text()
        targets = [(page.parent, target) for target in re.findall(r"\]\(([^)#:]+)\)", text)]
        # `libs/bus/handshake.h`, `tests/{unit,e2e}` no: only plain paths below our own folders.
        targets += [(ROOT, target) for target in re.findall(r"`((?:apps|libs|tests|docs|web|scripts|deploy|examples|tools|cmake)/[\w./-]+)`", text)]
        for base, target in targets:
            looked += 1
            if not (base / target).exists():
                yield f"{page.relative_to(ROOT)}: {target} does not exist"
    yield looked


def main():
    checks = {"layers": layers, "links": links}
    *violations, looked = checks[sys.argv[1]]()
    for violation in violations:
        print(violation)
    if looked == 0:
        print("looked at nothing: the check itself is broken")
    print(f"{sys.argv[1]}: {len(violations)} violations, {looked} looked at")
    sys.exit(1 if violations or looked == 0 else 0)


main()
