"""Stand-ins for the GPU libraries that PyPI's torch for x86_64 is linked against: it doesn't start without them, and they are 2.5 GB. Here
nothing calls them, so one library with their symbols, each an empty function, under all their names is enough. The small CUDA runtime is
not stood in for: torch calls it while it starts.

stand_ins.py TORCH_LIB OUT  writes them into OUT, for LD_LIBRARY_PATH. Where torch needs none (aarch64) OUT stays empty.
"""
import pathlib
import re
import subprocess
import sys

GPU_LIBRARY = re.compile(r"lib(cu|nv|nccl)(?!dart)")
GPU_SYMBOL = re.compile(r"(cu(?!da)|nccl|nv)")


def needed_by(library, beside):
    """(names of GPU libraries that it is linked against, their symbols by version; "": of no version)."""
    text = subprocess.run(["objdump", "-p", "-T", library], capture_output=True, text=True, check=True).stdout
    names = {name for name in re.findall(r"^\s+NEEDED\s+(\S+)", text, re.M) if GPU_LIBRARY.match(name)} - beside
    symbols, versions_of = {"": set()}, None
    for line in text.partition("Version References:")[2].partition("\n\n")[0].splitlines():
        if required := re.match(r"\s+required from (\S+):", line):
            versions_of = required[1]
        elif versions_of in names:
            symbols[line.split()[-1]] = set()
    for version, symbol in re.findall(r"\*UND\*\s+\S+\s+\(?([^\s()]*)\)?\s+(\S+)$", text, re.M):
        version = "" if version == "Base" else version  # objdump's word for none
        if version in symbols and (version or GPU_SYMBOL.match(symbol)):
            symbols[version].add(symbol)
    return names, symbols


def main():
    torch_lib, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(exist_ok=True)
    libraries = sorted(torch_lib.glob("*.so*"))
    names, symbols = set(), {}
    for library in libraries:
        more_names, more = needed_by(library, {path.name for path in libraries})
        names |= more_names
        for version, found in more.items():
            symbols.setdefault(version, set()).update(found)
    if not names:
        return
    everything = sorted(set().union(*symbols.values()))
    (out / "all.c").write_text("".join(f"void {symbol}(void) {{}}\n" for symbol in everything))
    versions = (f"{version} {{ {' '.join(f'{symbol};' for symbol in sorted(found))} }};\n" for version, found in sorted(symbols.items()) if version)
    (out / "all.map").write_text("".join(versions))
    subprocess.run(["cc", "-shared", "-w", "-o", out / "all.so", out / "all.c", f"-Wl,--version-script={out / 'all.map'}"], check=True)
    for name in names:
        (out / name).symlink_to("all.so")


if __name__ == "__main__":
    main()
