# SPDX-License-Identifier: MPL-2.0
"""Networks with random weights whose every layer matters to the gradient.

As initialised, many families hide half of themselves: layer scales of 1e-6, gains and relative-position tables of 0,
attention that is uniform because its weights are small, BatchNorm with mean 0 and variance 1.  An error there would
not be seen, so such parameters are drawn anew and BatchNorm takes the statistics of random pictures."""
import math

import torch
from torch import nn

CLASSES = 10


def build(library, name, size, arguments, seed=1):
    """The network in evaluation mode, float32."""
    torch.manual_seed(seed)
    if library == "torchvision":
        import torchvision
        net = torchvision.models.get_model(name, weights=None, num_classes=CLASSES, **arguments)
    else:
        import timm
        net = timm.create_model(name, pretrained=False, num_classes=CLASSES, **arguments)
    enliven(net)
    calibrate(net, size)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    return net.eval()


@torch.no_grad()
def enliven(net):
    """Draws anew what the initialisation left constant, or so small that a layer passes almost nothing."""
    for name, p in net.named_parameters():
        vector = p.numel() == max(p.shape, default=1)
        constant = bool((p == p.flatten()[0]).all())
        if vector:
            if name.endswith("bias") and constant:
                p.normal_(0, 0.1)
            elif constant:
                p.uniform_(0.5, 1.0)
        else:
            least = 1 / math.sqrt(p.numel() / p.shape[0]) if name.endswith("weight") else 0.2
            if p.std() < 0.5 * least:
                p.normal_(0, least)


@torch.no_grad()
def calibrate(net, size):
    """BatchNorm takes mean and variance of two random batches; all else stays as in inference."""
    net.eval()
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    if norms:
        for _ in range(2):
            net(torch.randn(4, 3, size, size))
    net.eval()
