"""Checks that the trees in the pages name every file of the repository, and no other.

    python3 check_trees.py [ROOT]

A page is a README.md. Its tree is the first fenced block under its heading "## The tree". A line is a path from the page's
folder on, two or more spaces, and what it is:

    core/                   a folder: what is indented below it lies in it
      error                 in src/ a name without suffix stands for its files in src/ and include/titrate/
      {toml,toml_text}      each of the braces must match something
    unit/core/*_test.cpp    * matches within one folder, and must match something

Every tracked file but pages and dotfiles is on exactly one line, in the page nearest above it; that of include/ is
src/README.md. Outside of a git checkout the folder's files are taken.
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


def name_in_tree(file):
    return re.sub(r"^include/titrate/", "src/", file)


def page_of(file, pages):
    above = pathlib.PurePosixPath(name_in_tree(file)).parents
    return next((folder / "README.md").as_posix() for folder in above if (folder / "README.md").as_posix() in pages)


def tree_lines(page, text):
    """The path of each line from the root on, and what the line says of it."""
    block = re.search(r"^## The tree\n.*?^```\w*\n(.*?)^```", text, re.M | re.S)
    if not block:
        sys.exit(f'{page}: no fenced block under a heading "## The tree"')
    folders = [(-1, page.removesuffix("README.md"))]
    for line in filter(str.strip, block.group(1).splitlines()):
        indent = len(line) - len(line.lstrip())
        path, _, what = line.strip().partition("  ")
        while folders[-1][0] >= indent:
            folders.pop()
        full = folders[-1][1] + path
        if path.endswith("/"):
            folders.append((indent, full))
        yield full, what.strip()


def expand(path):
    """Every path that the braces stand for."""
    brace = re.search(r"\{([^{}]*)\}", path)
    if not brace:
        return [path]
    return [done for choice in brace.group(1).split(",")
            for done in expand(path[:brace.start()] + choice + path[brace.end():])]


def matches(pattern, files):
    if pattern.endswith("/"):
        return {f for f in files if f.startswith(pattern)}
    if pattern.startswith("src/") and "." not in pattern.rsplit("/", 1)[1]:
        pattern += ".*"
    return {f for f in files
            if name_in_tree(f).count("/") == pattern.count("/") and fnmatch.fnmatchcase(name_in_tree(f), pattern)}


def complaints(root, files):
    pages = {f for f in files if f.split("/")[-1] == "README.md"}
    line_of = {}
    for page in sorted(pages):
        own = {f for f in files - pages if page_of(f, pages) == page}
        for full, what in tree_lines(page, (root / page).read_text()):
            if not what and not full.endswith("/"):
                yield f"{page}: {full}: the line does not say what it is"
            for pattern in expand(full):
                found = matches(pattern, files if pattern.endswith("/") else own)
                if not found:
                    yield f"{page}: {pattern}: on a line, but there is no such file"
                for file in () if pattern.endswith("/") else found:
                    if file in line_of:
                        yield f"{page}: {file}: on two lines ({line_of[file]} and {full})"
                    line_of[file] = full
        yield from (f"{page}: {file}: on no line" for file in sorted(own - line_of.keys()))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    files = files_of(root)
    found = list(complaints(root, files))
    for complaint in found:
        print(complaint)
    print(f"{len(files)} files, {len(found)} differences")
    sys.exit(bool(found))


main()
