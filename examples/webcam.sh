#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
#
# Your webcam through a classifier, live:
#
#   camera ──► newest frame only ──► classmorph ──► window
#
# usage: examples/webcam.sh MODEL.onnx [PROPERTY=VALUE ...]
#
# The left half is the camera, the right half its morph; the magnification goes there and back every four seconds.
# Further properties go to the element: target-label=smile, sweep=none magnification=0.5, …
# `gst-inspect-1.0 classmorph` lists them. DEVICE names another camera than /dev/video0.
#
# The queue keeps one frame and drops older ones: a slow model lowers the frame rate instead of lagging behind.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: $0 MODEL.onnx [PROPERTY=VALUE ...]" >&2
    exit 2
fi
model=$1
shift

here=$(cd "$(dirname "$0")/.." && pwd)
GST_PLUGIN_PATH="$here/target/release${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
export GST_PLUGIN_PATH

exec gst-launch-1.0 v4l2src device="${DEVICE:-/dev/video0}" \
    ! videoconvert \
    ! queue leaky=downstream max-size-buffers=1 \
    ! classmorph model-file="$model" sweep=triangle sweep-period=4000000000 display-mode=side-by-side "$@" \
    ! videoconvert \
    ! autovideosink sync=false
