"""Checks that the tree in README.md names every file of the repository, and no other.

    python3 check_readme_tree.py [ROOT]

The tree is the fenced block under the heading "## The tree". A line is a path, two or more spaces, and what it is:

    src/                    a line that ends in / is a folder; what is indented below it lies in it
      core/                 knows nothing of images
        error               under src/ a name without suffix is src/core/error.cpp with its header
                            (include/titrate/core/error.hpp, or beside it), or whichever exists
    launch/
      studies/quickstart/{recipe,study}.toml        each of the braces must exist
    tests/unit/core/*_test.cpp                      * matches within one folder, and must match something

Every tracked file but dotfiles is on exactly one line. Outside of a git checkout the folder's files are taken.
"""
import fnmatch
import os
import pathlib
import re
import subprocess
import sys


def files_of(root):
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True)
        if listed.returncode == 0:
            return {f for f in listed.stdout.split("\0") if f and not any(part.startswith(".") for part in f.split("/"))}
    found = set()
    for folder, folders, names in os.walk(root):
        here = pathlib.Path(folder).relative_to(root)
        folders[:] = [f for f in folders if not f.startswith(".") and f != "__pycache__"
                      and not (here == pathlib.Path() and (f in ("datasets", "runs") or f.startswith("build")))]
        found |= {(here / name).as_posix() for name in names if not name.startswith(".")}
    return found


def tree_lines(readme):
    section = re.search(r"^## The tree\n(.*?)(?=^## |\Z)", readme, re.M | re.S)
    block = section and re.search(r"^```\w*\n(.*?)^```", section.group(1), re.M | re.S)
    if not block:
        sys.exit('README.md: no fenced block under a heading "## The tree"')
    return [line for line in block.group(1).splitlines() if line.strip()]


def expand(path):
    """Every path that the braces stand for."""
    brace = re.search(r"\{([^{}]*)\}", path)
    if not brace:
        return [path]
    return [done for choice in brace.group(1).split(",")
            for done in expand(path[:brace.start()] + choice + path[brace.end():])]


def matches(pattern, files):
    if pattern.startswith("src/") and "." not in pattern.rsplit("/", 1)[1]:
        stem = pattern.removeprefix("src/")
        return {f for f in (f"src/{stem}.cpp", f"src/{stem}.cu", f"src/{stem}.hpp", f"include/titrate/{stem}.hpp") if f in files}
    return {f for f in files if f.count("/") == pattern.count("/") and fnmatch.fnmatchcase(f, pattern)}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    files = files_of(root)
    line_of, complaints, folders = {}, [], []
    for line in tree_lines((root / "README.md").read_text()):
        indent = len(line) - len(line.lstrip())
        path, _, what = line.strip().partition("  ")
        while folders and folders[-1][0] >= indent:
            folders.pop()
        full = (folders[-1][1] if folders else "") + path
        if path.endswith("/"):
            folders.append((indent, full))
            continue
        if not what.strip():
            complaints.append(f"{full}: the line does not say what it is")
        for pattern in expand(full):
            found = matches(pattern, files)
            if not found:
                complaints.append(f"{pattern}: on a line, but there is no such file")
            for file in found:
                if file in line_of:
                    complaints.append(f"{file}: on two lines ({line_of[file]} and {full})")
                line_of[file] = full
    complaints += [f"{file}: on no line" for file in sorted(files - line_of.keys())]
    for complaint in complaints:
        print(f"README.md, the tree: {complaint}")
    print(f"{len(files)} files, {len(complaints)} differences")
    sys.exit(bool(complaints))


main()
