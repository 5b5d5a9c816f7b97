"""Checks every #include of our sources: modules use each other only along the arrows, and a heavy header stays in its module.

    python3 check_includes.py [ROOT]
"""
import pathlib
import re
import sys

# module: what it uses directly. It may also use whatever those may use.
ARROWS = {
    "core": [],
    "page": ["core"],
    "image": ["core"],
    "codec": ["image"],
    "draw": ["image"],
    "shard": ["image"],
    "data": ["shard"],
    "source": ["data", "codec", "draw"],
    "prep": ["source", "page"],
    "data_prep": ["prep"],
    "net": ["core"],
    "study": ["data", "net"],
    "report": ["study", "page"],
    "comm": ["core"],
    "train": ["study", "comm"],
    "engine_torch": ["train"],
    "dispatch": ["train"],
    "doctor": ["train"],
    "sweep": ["dispatch"],
    "launch": ["report", "sweep", "doctor", "codec"],
}
HEAVY = [
    (r"hdf5(_hl)?\.h|H5\w+\.h", ["shard"]),
    (r"mpi\.h|nccl\.h", ["comm"]),
    (r"(torch|ATen|c10)/.*", ["engine_torch"]),
    (r"CLI/.*", ["launch", "data_prep"]),
    (r"png\.h|jpeglib\.h", ["codec"]),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def may_use(module):
    return {module}.union(*(may_use(other) for other in ARROWS[module]))


def module_of(path):
    """The module of a path relative to the root; None outside of all modules."""
    parts = path.parts
    if parts[:1] in (("launch",), ("data_prep",)):
        return parts[0]
    if parts[:1] == ("src",) and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "titrate") and len(parts) > 3:
        return parts[2]
    return None


def target_of(root, file, quote, name):
    """The module that an #include reaches into; None for a header that is not ours."""
    if name.startswith("titrate/"):
        return module_of(pathlib.PurePosixPath("include", name))
    beside = (file.parent / name).resolve()
    if quote == '"' and beside.is_relative_to(root):
        return module_of(beside.relative_to(root))
    return None


def complaints(root, file):
    module = module_of(file.relative_to(root))
    if module not in ARROWS:
        yield 0, f"belongs to no module of the plan ({module})"
        return
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        target = target_of(root, file, quote, name)
        if target is not None and target not in may_use(module):
            yield number, f"{module} may not use {target} ({name})"
        for pattern, homes in HEAVY:
            if re.fullmatch(pattern, name) and module not in homes:
                yield number, f"{name} belongs in {' and '.join(homes)} alone, not in {module}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    files = [f for folder in ("src", "include", "launch", "data_prep") for f in sorted((root / folder).rglob("*"))
             if f.suffix in (".cpp", ".hpp", ".h", ".cu", ".cuh")]
    if not files:
        sys.exit(f"no sources under {root}")
    bad = 0
    for file in files:
        for line, what in complaints(root, file):
            print(f"{file.relative_to(root)}:{line}: {what}")
            bad += 1
    print(f"{len(files)} files, {bad} includes against the plan")
    sys.exit(bad != 0)


main()
