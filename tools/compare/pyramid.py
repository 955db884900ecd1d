#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""The morph alone, without a classifier: steerlens beside plenoptic's steerable pyramid.

  OMP_NUM_THREADS=1 python3 pyramid.py [--runs N]        needs cargo, and plenoptic 2.1.1, torch 2.15.0, pillow 13.0.0

A luma plane and a gradient plane in, the morphed luma out: analysis of both, phase step (4 orientations, amplitude
exponent 1, floor 0.1, RMS 1, tanh limit pi/2), synthesis. float32, one thread each, everything that depends on the
size alone made before. CPU time per frame, minimum and median.

  plenoptic   SteerablePyramidFreq, complex, tight frame, on its octave grid, at the most octaves that it allows
  steerlens   `cargo bench --bench pyramid -- turns`, one process for each of its back ends (STEERLENS_SIMD), on the
              grid that frames are morphed on, at the octaves of its defaults: one more than plenoptic's

All processes live side by side and take turns; a turn begins with a frame that is not counted. Both are also asked
for the same morph, on the octave grid and at plenoptic's octaves. They differ in one thing: plenoptic's synthesis takes
the real part of a band, also of what an edit has thrown into the half plane that the band does not answer to; ours, the
adjoint of the analysis, leaves that out. The last PSNR is that of the morphs with it left out of both."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import PIL.Image
import torch

warnings.filterwarnings("ignore")
from plenoptic.process import SteerablePyramidFreq  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
SIZES = [(224, 224), (640, 480), (1280, 720)]
BACK_ENDS = [("rustfft", "scalar", "Scalar"), ("AVX2", "avx2", "Avx2"), ("AVX-512", "", "Avx512")]
ORIENTATIONS, MAGNIFICATION, FLOOR, LIMIT = 4, 1.0, 0.1, np.pi / 2


def luma(name, width, height):
    photo = PIL.Image.open(os.path.join(ROOT, "media", name)).convert("RGB").resize((width, height), PIL.Image.BICUBIC)
    return np.asarray(photo, np.float32) / 255 @ np.array([0.299, 0.587, 0.114], np.float32)


class Plenoptic:
    def __init__(self, image, gradient):
        height, width = image.shape
        self.octaves = int(np.log2(min(width, height))) - 2     # what height="auto" is
        self.pyramid = SteerablePyramidFreq((height, width), height=self.octaves, order=ORIENTATIONS - 1,
                                            is_complex=True, downsample=True, tight_frame=True)
        self.image, self.gradient = torch.from_numpy(image)[None, None], torch.from_numpy(gradient)[None, None]
        self.pixels = width * height

    def half_plane(self, band, k):
        """The frequencies to which orientation k answers."""
        v, u = (torch.fft.fftfreq(n, 1 / n) for n in band.shape[-2:])
        height, width = self.image.shape[-2:]
        angle = np.pi * k / ORIENTATIONS
        return (u[None] / width * np.cos(angle) + v[:, None] / height * np.sin(angle)) > 1e-9

    @torch.no_grad()
    def __call__(self, own_half=False):
        image, slope = self.pyramid(self.image), self.pyramid(self.gradient)
        bands = range(self.octaves)                             # one tensor of all orientations per octave
        squares = [image[j].real ** 2 + image[j].imag ** 2 for j in bands]
        energy = sum(square.sum() for square in squares)
        floor = FLOOR ** 2 * energy / (self.octaves * ORIENTATIONS * self.pixels)
        moved, steps = 0.0, []
        for j, square in zip(bands, squares):
            c, g = image[j], slope[j]
            # A tight frame's coefficients hold the root of the area of a sample.
            area = self.pixels / (c.shape[-1] * c.shape[-2])
            step = (c.real * g.imag - c.imag * g.real) * torch.rsqrt((square + area * floor) * area)
            moved += (square * step ** 2).sum()
            steps.append(step)
        factor = MAGNIFICATION / torch.sqrt(moved / energy)
        for j, step in zip(bands, steps):
            turn = LIMIT * torch.tanh(step * (factor / LIMIT))
            image[j] = image[j] * torch.complex(torch.cos(turn), torch.sin(turn))
            if own_half:
                own = torch.stack([self.half_plane(image[j], k) for k in range(ORIENTATIONS)])
                image[j] = torch.fft.ifft2(torch.fft.fft2(image[j]) * own)
        return self.pyramid.recon_pyr(image)

    def turn(self):
        self()
        times = []
        for _ in range(2):
            begin = time.process_time()
            self()
            times.append((time.process_time() - begin) * 1e3)
        return times


class Steerlens:
    """A process that waits for its turns."""

    def __init__(self, program, size, octaves, grid, folder, simd, vectors):
        line = [program, "turns", *map(str, size), str(octaves), grid, folder]
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "STEERLENS_SIMD": simd})
        self.runs = self.process.stdout.readline().strip() == vectors

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [float(ms) for ms in self.process.stdout.readline().split()]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def program():
    """The bench, built; the last line but one of what cargo says names it."""
    said = subprocess.run(["cargo", "bench", "--locked", "-p", "steerlens", "--bench", "pyramid", "--no-run"], cwd=ROOT,
                          check=True, capture_output=True, text=True).stderr
    return os.path.join(ROOT, said.rsplit("(", 1)[1].split(")", 1)[0])


def planes(folder, size):
    image, gradient = luma("cat_chelsea.png", *size), luma("astronaut.jpg", *size)
    image.tofile(os.path.join(folder, "image.f32"))
    gradient.tofile(os.path.join(folder, "gradient.f32"))
    return image, gradient


def psnr(bench, size, folder, plenoptic):
    process = Steerlens(bench, size, plenoptic.octaves, "exact", folder, "", "")
    process.end()
    ours = np.fromfile(os.path.join(folder, "morph.f32"), np.float32).reshape(size[::-1])
    before = plenoptic.image[0, 0].numpy()
    decibels = lambda a, b: -10 * np.log10(np.mean((a - b).astype(np.float64) ** 2))
    theirs = [plenoptic(own_half)[0, 0].numpy() for own_half in (False, True)]
    return [decibels(ours, before)] + [decibels(ours, morph) for morph in theirs]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    bench = program()
    print("size        who        octaves   min ms  median ms   plenoptic takes (min, median)")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            plenoptic = Plenoptic(*planes(folder, size))
            edit, asis, same = psnr(bench, size, folder, plenoptic)
            octaves = plenoptic.octaves + 1
            workers = {"plenoptic": plenoptic}
            for name, simd, vectors in BACK_ENDS:
                worker = Steerlens(bench, size, octaves, "fast", folder, simd, vectors)
                if worker.runs:
                    workers[name] = worker
                else:
                    worker.end()
            times = {name: [] for name in workers}
            for run in range(options.runs + 1):
                for name, worker in workers.items():
                    found = worker.turn()
                    if run:                                     # the first one warms
                        times[name] += found
            for name, worker in workers.items():
                if name != "plenoptic":
                    worker.end()
        least, middle = min(times["plenoptic"]), statistics.median(times["plenoptic"])
        for name, ms in times.items():
            ratio = "" if name == "plenoptic" else f"{least / min(ms):7.1f} {middle / statistics.median(ms):7.1f}"
            print(f"{size[0]}x{size[1]:<7} {name:10s} {octaves - (name == 'plenoptic'):7} {min(ms):8.2f} "
                  f"{statistics.median(ms):10.2f}   {ratio}", flush=True)
        print(f"{'':11} PSNR of the morph from its picture {edit:.1f} dB, from plenoptic's {asis:.1f} dB, "
              f"in the same half planes {same:.1f} dB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
