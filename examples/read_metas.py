#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Reads what classmorph says of each frame from the buffers themselves, in Python.

    filesrc ! decodebin ! videoconvert ! classmorph attach-meta=true ! fakesink
                                                                    └─ pad probe: GstClassMorphMeta

usage: python3 examples/read_metas.py [CLIP [MODEL.onnx [TARGET]]]

Needs PyGObject and GStreamer's introspection data (Debian: python3-gi gir1.2-gstreamer-1.0), and the plugin on
GST_PLUGIN_PATH.  A custom meta needs no bindings of its own: it is a GstStructure under a name."""
import os
import sys
import warnings

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

# GObject.ValueArray is deprecated, and without gst-python the only way to a GstValueArray.
warnings.simplefilter("ignore", DeprecationWarning)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def listed(structure, name):
    """A GstValueArray as a list."""
    found, array = structure.get_array(name)
    return [array.get_nth(k) for k in range(array.n_values)] if found else []


def on_buffer(_pad, info):
    meta = info.get_buffer().get_custom_meta("GstClassMorphMeta")
    if meta is None:  # no model saw this frame: a gap, say
        return Gst.PadProbeReturn.OK
    said = meta.get_structure()
    value = said.get_value
    top = ", ".join(f"{label} {p:.2f}" for label, p in zip(listed(said, "labels"), listed(said, "probabilities")))
    print(f"{value('timestamp') / Gst.SECOND:6.2f} s  {value('source-label')} to {value('target-label')}:"
          f"  margin {value('margin'):+.2f}  moved {value('l2'):.2f}  ({top})"
          f"  p(target) {value('target-probability'):.2f} > {value('target-probability-after'):.2f}")
    return Gst.PadProbeReturn.OK


def main(clip=f"{ROOT}/media/face.webm", model=f"{ROOT}/models/faces_robust.onnx", target="smile"):
    Gst.init(None)
    pipeline = Gst.parse_launch("filesrc name=source ! decodebin ! videoconvert"
                                " ! classmorph name=morph attach-meta=true measure-after=true top-k=2"
                                " ! fakesink name=sink")
    pipeline.get_by_name("source").set_property("location", clip)
    morph = pipeline.get_by_name("morph")
    morph.set_property("model-file", model)
    morph.set_property("target-label", target)
    pipeline.get_by_name("sink").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_buffer)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR | Gst.MessageType.EOS)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(f"read_metas: {message.parse_error()[0].message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
