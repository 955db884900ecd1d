#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""A class morph of a clip, end to end: the element beside what one writes today in Python.

  GST_PLUGIN_PATH=target/release OMP_NUM_THREADS=1 python3 stream.py [--runs N] [--frames N]

The same network (EfficientNet-Lite0, from its `.onnx`), the same clip (640x480 RGB frames), one thread each, in turn,
CPU time of everything the process does, per frame: minimum and median over the runs.

  element   gst-launch-1.0 with rawvideo in memory, classmorph, fakesink; resolution=model, then resolution=frame
  python    PyTorch autograd for the gradient, plenoptic's SteerablePyramidFreq (complex) for the phases, Pillow for
            the scaling: the same steps, written as one would write them, nothing left out to be slow or fast

Both do: scale and crop to the network, logits and gradient of target minus source, pyramid of luma and of its gradient,
phase step with amplitude weighting, RMS magnification with a soft limit, reconstruction, back into the 8-bit frame.
Neither decodes nor encodes: the frames lie in memory (Python) or in a raw file in the page cache (element)."""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import PIL.Image
import torch

WIDTH, HEIGHT, SIDE = 640, 480, 224
SOURCE, TARGET = 281, 285  # tabby, Egyptian cat
DATA = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
MODEL = f"{DATA}/steerlens/models/efficientnet-lite0/efficientnet-lite0.onnx"
PICTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "media", "cat_chelsea.png")
MAGNIFICATION, EXPONENT, FLOOR, LIMIT = 0.1, 1.0, 0.1, np.pi / 2
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def clip(frames):
    """A photograph that drifts: every frame is another one."""
    photo = PIL.Image.open(PICTURE).convert("RGB").resize((WIDTH + frames, HEIGHT), PIL.Image.BICUBIC)
    photo = np.asarray(photo)
    return [np.ascontiguousarray(photo[:, k:k + WIDTH]) for k in range(frames)]


class Python:
    """What a user of PyTorch writes."""

    def __init__(self, at_frame):
        import warnings
        warnings.filterwarnings("ignore")
        from plenoptic.process import SteerablePyramidFreq
        import timm
        torch.set_num_threads(1)
        # The architecture; which weights it has does not change the time.
        self.net = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval().requires_grad_(False)
        self.net = self.net.to(memory_format=torch.channels_last)  # the faster one of the two on this machine
        self.at_frame = at_frame
        side = (HEIGHT, WIDTH) if at_frame else (SIDE, SIDE)
        self.pyramid = SteerablePyramidFreq(side, order=3, is_complex=True, downsample=True, tight_frame=True)

    def scaled(self, frame):
        """The centred square at the network's size; bilinear with antialiasing, differentiable."""
        x0 = (WIDTH - HEIGHT) // 2
        square = frame[:, :, :, x0:x0 + HEIGHT]
        return torch.nn.functional.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True)

    def phase_step(self, luma, gradient):
        image, slope = self.pyramid(luma), self.pyramid(gradient)
        steps, energy, moved = {}, 0.0, 0.0
        bands = [key for key in image if isinstance(key, int)]  # one tensor of all orientations per octave
        rms = torch.sqrt(sum((image[k].abs() ** 2).sum() for k in bands) / sum(image[k].numel() for k in bands))
        for key in bands:
            c, g = image[key], slope[key]
            amplitude = c.abs()
            step = (c.conj() * g).imag / torch.clamp(amplitude, min=FLOOR * rms) ** EXPONENT
            steps[key] = step
            energy += (amplitude ** 2).sum()
            moved += (amplitude ** 2 * step ** 2).sum()
        scale = MAGNIFICATION / torch.sqrt(moved / energy)
        for key in bands:
            turn = LIMIT * torch.tanh(scale * steps[key] / LIMIT)
            image[key] = image[key] * torch.exp(1j * turn)
        return self.pyramid.recon_pyr(image)

    def __call__(self, frame):
        x = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
        weights = torch.from_numpy(LUMA)[None, :, None, None]
        if self.at_frame:
            x.requires_grad_(True)
            seen = self.scaled(x)
        else:
            small = PIL.Image.fromarray(frame).crop(((WIDTH - HEIGHT) // 2, 0, (WIDTH + HEIGHT) // 2, HEIGHT))
            small = np.asarray(small.resize((SIDE, SIDE), PIL.Image.BILINEAR))
            seen = (torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255).requires_grad_(True)
        logits = self.net(((seen - 0.5) / 0.5).contiguous(memory_format=torch.channels_last))
        wanted = x if self.at_frame else seen
        gradient, = torch.autograd.grad(logits[0, TARGET] - logits[0, SOURCE], wanted)
        with torch.no_grad():
            luma = (wanted * weights).sum(1, keepdim=True)
            change = self.phase_step(luma, gradient.sum(1, keepdim=True)) - luma
            if self.at_frame:
                full = change[0, 0]
            else:
                full = torch.zeros(HEIGHT, WIDTH)
                x0 = (WIDTH - HEIGHT) // 2
                full[:, x0:x0 + HEIGHT] = torch.nn.functional.interpolate(
                    change, (HEIGHT, HEIGHT), mode="bilinear")[0, 0]
            out = torch.clamp(x[0] + full, 0, 1) * 255
            return out.round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def in_python(worker, frames):
    started = time.process_time()
    for frame in frames:
        worker(frame)
    return (time.process_time() - started) / len(frames)


def in_gstreamer(resolution, raw, count):
    """CPU time of the whole of gst-launch-1.0 per frame; its start is taken off by a run of one frame."""
    def cpu(frames):
        line = ["gst-launch-1.0", "-q", "filesrc", f"location={raw}", f"blocksize={WIDTH * HEIGHT * 3}",
                f"num-buffers={frames}", "!",
                f"rawvideoparse", "format=rgb", f"width={WIDTH}", f"height={HEIGHT}", "framerate=30/1", "!",
                "classmorph", f"model-file={MODEL}", f"source-class={SOURCE}", f"target-class={TARGET}",
                f"magnification={MAGNIFICATION}", f"resolution={resolution}", "threads=1", "qos=false", "!",
                "fakesink", "sync=false"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(line, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (cpu(count) - cpu(1)) / (count - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frames", type=int, default=40)
    options = parser.parse_args()
    frames = clip(options.frames)
    workers = {"model": Python(False), "frame": Python(True)}
    times = {(who, where): [] for where in workers for who in ("element", "python")}
    with tempfile.NamedTemporaryFile(suffix=".rgb") as raw:
        raw.write(b"".join(frame.tobytes() for frame in frames))
        raw.flush()
        for run in range(options.runs + 1):
            for where, worker in workers.items():
                # The first run warms pages and caches. Python does a few of the frames, the element all.
                found = {"python": in_python(worker, frames[:max(4, options.frames // 5)]),
                         "element": in_gstreamer(where, raw.name, options.frames)}
                for who, seconds in found.items():
                    if run:
                        times[who, where].append(seconds * 1e3)
    print(f"{WIDTH}x{HEIGHT} RGB, EfficientNet-Lite0, one thread; CPU ms per frame")
    print("resolution  who        min   median   frames/s (min)   times element (min, median)")
    for where in workers:
        ours = times["element", where]
        for who in ("element", "python"):
            t = times[who, where]
            print(f"{where:10s}  {who:8s} {min(t):6.1f}  {statistics.median(t):6.1f}  {1e3 / min(t):8.1f}"
                  f"         {min(t) / min(ours):6.2f} {statistics.median(t) / statistics.median(ours):6.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
