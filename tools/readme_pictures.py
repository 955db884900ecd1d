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


def live(targets=("angry", "surprised", "sad")):
    """The clip of a real face beside what it is live, one step a frame: every second frame."""

    def frames(words):
        with tempfile.TemporaryDirectory() as folder:
            line = (
                f"filesrc location={ROOT}/media/face.webm ! decodebin ! videoconvert ! {words} videoconvert ! videoscale ! "
                f"video/x-raw,width=180,height=135 ! pngenc ! multifilesink location={folder}/%03d.png"
            )
            subprocess.run(["gst-launch-1.0", "-q", *line.split()], check=True)
            return [Image.open(f).convert("RGB") for f in sorted(glob.glob(f"{folder}/*.png"))][::2]

    morphed = [
        frames(
            f"classmorph @preset=live model-file={ROOT}/models/face_expression.onnx source-label=happy "
            f"target-label={target} magnification=0.5 qos=false !"
        )
        for target in targets
    ]
    out = [row(list(pictures), 4) for pictures in zip(frames(""), *morphed)]
    out = [picture.quantize(64, dither=Image.Dither.NONE) for picture in out]
    out[0].save(TO / "live.gif", save_all=True, append_images=out[1:], duration=100, loop=0, optimize=True)


def smaller(name, width):
    picture = Image.open(ROOT / "out" / f"sheet-{name}.png").convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, picture.height * width // picture.width), Image.LANCZOS)
    picture.save(TO / f"{name}.jpg", quality=88)


def network(k):
    data = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share"))
    return data / f"steerlens/models/efficientnet-lite{k}/efficientnet-lite{k}.onnx"


def morph(picture, model, target, to, *flags):
    line = [ROOT / "target/release/steerlens", "morph", picture, "-m", model, "--target", target, "-o", to, "--json", *flags]
    # Status 1: the budget was not attained, which the report says.
    return json.loads(subprocess.run(line, stdout=subprocess.PIPE, check=False).stdout)


def judged(picture, model, target, folder):
    answer = morph(picture, model, target, folder / "unmoved.png", "--magnification", "0")
    return f"{answer['target-probability']:.2f}, on top {answer['classes'][0]['label']}"


def row(pictures, gap=8):
    width, height = pictures[0].size
    sheet = Image.new("RGB", (len(pictures) * (width + gap) - gap, height), "white")
    for k, picture in enumerate(pictures):
        sheet.paste(picture, (k * (width + gap), 0))
    return sheet


def real_face(folder):
    """The photograph; one step towards sad; and with the preset `readable`, equally far, sad, angry and surprised. What each
    is to the other network of emotions is printed, for the text beside it."""
    face, judge = ROOT / "media/face_astronaut.png", ROOT / "models/mini_xception.onnx"
    names = {"sad": "sad", "angry": "angry", "surprised": "surprise"}
    pictures = [face]
    for target, flags in [("sad", ["--preset", "fast"]), *((target, ["--preset", "readable"]) for target in names)]:
        to = folder / f"{target}-{len(pictures)}.png"
        morph(face, ROOT / "models/face_expression.onnx", target, to, "--source", "happy", "--l2-budget", "15", *flags)
        print(to.name, flags, "judge:", judged(to, judge, names[target], folder))
        pictures.append(to)
    pictures = [Image.open(picture).convert("RGB").resize((260, 260), Image.BICUBIC) for picture in pictures]
    row(pictures).save(TO / "real-face.jpg", quality=90)


def photographs(folder):
    """Source, one step, and `readable`, equally far, in a row for each pair."""
    pairs = [("cat_chelsea.png", "lynx"), ("orange.jpg", "lemon"), ("dog_chicky.jpg", "brussels griffon")]
    source, one, read = (folder / name for name in ("source.png", "one.png", "read.png"))
    rows = []
    for name, target in pairs:
        picture = Image.open(ROOT / "media" / name).convert("RGB")
        side = int(min(picture.size) * 0.875)
        left, top = ((whole - side) // 2 for whole in picture.size)
        picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.BICUBIC).save(source)
        whole = ["--crop-fraction", "1"]
        morph(source, network(0), target, one, "--l2-budget", "15", "--preset", "fast", *whole)
        morph(source, network(0), target, read, "--l2-budget", "15", "--preset", "readable", *whole)
        for picture in (source, one, read):
            print(name, target, picture.name, "judge:", judged(picture, network(2), target, folder))
        rows.append(row([Image.open(picture).convert("RGB") for picture in (source, one, read)]))
    sheet = Image.new("RGB", (rows[0].width, len(rows) * 232 - 8), "white")
    for k, pictures in enumerate(rows):
        sheet.paste(pictures, (0, k * 232))
    sheet.save(TO / "photographs.jpg", quality=90)


TO.mkdir(parents=True, exist_ok=True)
animation()
live()
with tempfile.TemporaryDirectory() as scratch:
    real_face(Path(scratch))
    photographs(Path(scratch))
smaller("cat-mau", 1400)
smaller("orange-lemon", 1400)
for name in ("digit-8-robust", "digit-8-plain", "face-frown"):
    smaller(name, 1100)
