#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the pictures of docs/gallery.md by the page's own commands.  Needs pillow, and `steerlens` on the PATH.

  PATH=$PWD/target/release:$PATH python3 tools/gallery_pictures.py
"""

import os
import pathlib
import re
import subprocess
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "docs/pictures/gallery"
WIDEST = 640

page = (ROOT / "docs/gallery.md").read_text().replace("\\\n", " ")
known = "; ".join(re.findall(r"^imagenet=.*$", page, re.MULTILINE))
OUT.mkdir(exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    for name in ("media", "models"):
        os.symlink(ROOT / name, pathlib.Path(folder, name))
    for line in re.findall(r"^steerlens .*$", page, re.MULTILINE):
        subprocess.run(["bash", "-euc", f"{known}; {line}"], cwd=folder, check=True)
        made = pathlib.Path(folder, line.split()[-1])
        picture = Image.open(made).convert("RGB")
        if picture.width > WIDEST:
            picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS)
        file = OUT / (made.stem + ".jpg")
        picture.save(file, quality=82, optimize=True)
        print(file.name, picture.size, file.stat().st_size)
