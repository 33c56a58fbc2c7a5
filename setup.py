"""Packages and extras of maitred; metadata and tool settings are in pyproject.toml."""

import os

from setuptools import find_packages, setup

# A device is given the agent alone: install.sh and release.py set this while they build.
PACKAGES = ("edge",) if os.environ.get("MAITRED_FOR") == "device" else ("edge", "convert", "training", "cloud")

# What `maitred convert` and `maitred train` need. Neither is ever installed on the device.
TENSORFLOW = [
    "tensorflow-cpu>=2.20,<3; platform_machine == 'x86_64'",
    "tensorflow>=2.20,<3; platform_machine != 'x86_64'",
]
# scikit-learn measures; what is converted is measured before and after.
CONVERT = [*TENSORFLOW, "scikit-learn>=1.5"]
# av writes the simulator's clips, whose frames may be missing; motmetrics scores the tracker on them.
TRAINING = [*CONVERT, "av>=13", "matplotlib>=3.8", "motmetrics>=1.4", "onnx>=1.17", "tensorboard>=2.18"]
PICAMERA = ["picamera2>=0.3.22"]
# What runs at the other end is on no device: it validates what it is sent, and may keep it in PostgreSQL.
CLOUD = ["jsonschema-rs>=0.26", "psycopg[binary]>=3.2"]
MQTT = ["paho-mqtt>=2.1"]

setup(
    packages=find_packages(include=[f"{name}{below}" for name in PACKAGES for below in ("", ".*")]),
    package_data={
        "edge": ["models/*.tflite", "demo/*", "py.typed"],
        "cloud.receiver": ["*.json"],
        "edge.dashboard": ["templates/*", "static/*"],
        "edge.provision": ["maitred.toml"],
        "edge.store": ["migrations/*.sql"],
        "training": ["recipes/*.toml"],
        "training.detector": ["*.json"],
    },
    install_requires=[
        "ai-edge-litert>=2.1",
        "flask>=3.0",
        "jinja2>=3.1",
        "lapx>=0.5.9",
        "numpy>=1.26",
        "opencv-python-headless>=4.10",
        "packaging>=23",
        "pydantic>=2.7",
        "pygal>=3.0.5",
        "prometheus-client>=0.22",
        # Signatures of updates. A fifth of what cryptography takes on a card.
        "pynacl>=1.5",
        "requests>=2.32",
        "standardwebhooks>=1.1",
        "tomli-w>=1.0",
        "waitress>=3.0",
    ],
    extras_require={
        "picamera": PICAMERA,
        "mqtt": MQTT,
        "convert": CONVERT,
        "training": TRAINING,
        "cloud": CLOUD,
        "dev": [
            *CONVERT,
            *TRAINING,
            *CLOUD,
            *MQTT,
            "build>=1.2",
            "hypothesis>=6.100",
            "jsonschema[format]>=4.21",
            "mdx-truly-sane-lists>=1.3",  # lists in the site as code hosts read them
            "mkdocs>=1.6,<2",
            "mkdocs-material>=9.6,<10",
            "mypy>=1.11",
            "pandas>=2.1",  # one of the examples
            "playwright>=1.48",
            "pre-commit>=4",
            "pytest>=8.2",
            "pytest-xdist>=3.6",
            "pyyaml>=6",  # the workflow and the forms, read by a test
            "ruff>=0.6",
            "schemathesis>=4",
            "setuptools>=77.0.3",  # builds wheels of this project in tests, as install.sh does
            "scipy>=1.11",  # an independent Wilson interval to test ours against
            "types-requests",
        ],
    },
)
