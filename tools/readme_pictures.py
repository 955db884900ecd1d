# SPDX-License-Identifier: MPL-2.0
"""Makes the pictures of README.md from what `make demo` has left in out/, and an animation from the element itself.

    GST_PLUGIN_PATH=target/release python3 tools/readme_pictures.py        (needs Pillow)
"""
import glob
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


TO.mkdir(parents=True, exist_ok=True)
animation()
smaller("cat-mau", 1400)
smaller("orange-lemon", 1400)
for name in ("digit-8-robust", "digit-8-plain", "face-frown"):
    smaller(name, 1100)
