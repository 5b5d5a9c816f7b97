"""Checks that clang has no warning for our files: clang++ -fsyntax-only on the entries of a build's compile_commands.json.

    python3 clang_warnings.py BUILD_FOLDER [FOLDER_BUILT_BY_CLANG]

What the second folder's build has compiled, with warnings as errors, is left out. Only include paths, definitions and the
standard are taken from the entries: the other flags are those of the compiler that built them, and clang need not know them.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Qunused-arguments"]


def clang_command(entry):
    arguments = shlex.split(entry["command"])
    kept = []
    for argument, following in zip(arguments, arguments[1:] + [""]):
        if argument in ("-I", "-isystem", "-D"):
            kept += [argument, following]
        elif argument.startswith(("-I", "-isystem", "-D", "-std=")):
            kept.append(argument)
    return ["clang++", "-fsyntax-only", *WARNINGS, *kept, entry["file"]]


def check(entry):
    run = subprocess.run(clang_command(entry), cwd=entry["directory"], capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def entries_of(build):
    """Those of our own files."""
    build = pathlib.Path(build).resolve()
    return [entry for entry in json.loads((build / "compile_commands.json").read_text())
            if entry["file"].endswith(".cpp") and not pathlib.Path(entry["file"]).is_relative_to(build)]


def is_compiled_by_clang(entry):
    """Whether its object is there and not older than the source: a build may have made some targets alone."""
    arguments = shlex.split(entry["command"])
    built = pathlib.Path(entry["directory"], arguments[arguments.index("-o") + 1])
    source = pathlib.Path(entry["file"])
    return "clang++ " in entry["command"] and built.exists() and built.stat().st_mtime >= source.stat().st_mtime


def main():
    build, *built_by_clang = sys.argv[1:]
    compiled = {entry["file"] for folder in built_by_clang for entry in entries_of(folder) if is_compiled_by_clang(entry)}
    entries = [entry for entry in entries_of(build) if entry["file"] not in compiled]
    if not entries:
        sys.exit(f"{build}/compile_commands.json leaves no .cpp file to look at")
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(check, entries))
    for code, output in results:
        if code != 0:
            print(output, end="")
    bad = sum(code != 0 for code, _ in results)
    print(f"{len(entries)} files, {bad} with warnings of clang")
    sys.exit(bad != 0)


main()
