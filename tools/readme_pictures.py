# SPDX-License-Identifier: MPL-2.0
"""Makes the pictures of README.md from what `make demo` has left in out/, an animation from the element itself, and
photographs from the command line. Those are told with the probability of a network that had no part in them:
`make photos` first.

    GST_PLUGIN_PATH=target/release python3 tools/readme_pictures.py        (needs Pillow)
"""
import glob
import json
import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TO = ROOT / "docs" / "pictures"
FRAMES = 32


def sweep(face, target):
    """Frames of a drawn face that goes to the target class and back."""
    with tempfile.TemporaryDirectory() as folder:
        line = (
            f"filesrc location={ROOT}/media/faces/{face}.png ! pngdec ! imagefreeze num-buffers={FRAMES} ! "
            f"video/x-raw,framerate=20/1 ! classmorph model-file={ROOT}/models/faces_robust.onnx "
            f"source-label=neutral target-label={target} sweep=triangle sweep-period=1600000000 qos=false ! "
            f"videoconvert ! pngenc ! multifilesink location={folder}/%03d.png"
        )
        subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
        frames = [Image.open(f).convert("L") for f in sorted(glob.glob(f"{folder}/*.png"))]
    return [f.resize((192, 192), Image.NEAREST) for f in frames]


def animation():
    cast = [sweep("neutral-2", "smile"), sweep("neutral-3", "frown"), sweep("neutral-4", "smile")]
    out = []
    for k in range(FRAMES):
        picture = Image.new("L", (len(cast) * 192 + (len(cast) - 1) * 12, 192), 255)
        for n, frames in enumerate(cast):
            picture.paste(frames[k], (n * 204, 0))
        out.append(picture.quantize(24, dither=Image.Dither.NONE))
    out[0].save(TO / "faces.gif", save_all=True, append_images=out[1:], duration=50, loop=0, optimize=True)


def smaller(name, width):
    picture = Image.open(ROOT / "out" / f"sheet-{name}.png").convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, picture.height * width // picture.width), Image.LANCZOS)
    picture.save(TO / f"{name}.jpg", quality=88)


def network(k):
    data = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share"))
    return data / f"steerlens/models/efficientnet-lite{k}/efficientnet-lite{k}.onnx"


def morph(picture, k, target, to, *flags):
    line = [ROOT / "target/release/steerlens", "morph", picture, "-m", network(k), "--target", target, "-o", to, "--json"]
    line += ["--crop-fraction", "1", *flags]
    # Status 1: the budget was not attained, which the report says.
    return json.loads(subprocess.run(line, stdout=subprocess.PIPE, check=False).stdout)


def readable():
    """One step, and the preset `readable`, equally far: source, one step, readable in a row; what each is to the judge is
    printed, for the text beside it."""
    pairs = [("cat_chelsea.png", "lynx"), ("orange.jpg", "lemon"), ("dog_chicky.jpg", "brussels griffon")]
    sheet = Image.new("RGB", (3 * 224 + 2 * 8, len(pairs) * 232 - 8), "white")
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: Path(folder) / name
        for row, (name, target) in enumerate(pairs):
            picture = Image.open(ROOT / "media" / name).convert("RGB")
            side = int(min(picture.size) * 0.875)
            left, top = ((whole - side) // 2 for whole in picture.size)
            picture = picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.BICUBIC)
            picture.save(at("source.png"))
            for column, (to, flags) in enumerate([("source.png", []), ("one.png", []), ("read.png", ["--preset", "readable"])]):
                if column:
                    morph(at("source.png"), 0, target, at(to), "--l2-budget", "15", *flags)
                judged = morph(at(to), 2, target, at("unmoved.png"), "--magnification", "0")
                print(name, target, to, f"judge {judged['target-probability']:.2f}, {judged['classes'][0]['label']}")
                sheet.paste(Image.open(at(to)), (column * 232, row * 232))
    sheet.save(TO / "readable.jpg", quality=90)


TO.mkdir(parents=True, exist_ok=True)
animation()
readable()
smaller("cat-mau", 1400)
smaller("orange-lemon", 1400)
for name in ("digit-8-robust", "digit-8-plain", "face-frown"):
    smaller(name, 1100)
