"""``python -m edge.provision.reference`` prints docs/provisioning.md: the file as the models have it."""

from __future__ import annotations

import sys

from edge.config.reference import table
from edge.provision.secrets import NOTE, NOTE_IN_ADDRESS
from edge.provision.settings import Device, DeviceDashboard, DeviceMqtt, DeviceSettings, DeviceUplink, Ssh, Wifi

INTRO = f"""\
# Setting a device up: `maitred.toml` on the boot partition

The card's first partition is one that every computer shows. On it is `maitred.toml`: what you write there, the device
is at its next start. It holds the sections of [the agent's configuration](configuration.md), and some that only a
device needs.

```toml
[site]
name = "chez-emile"
device = "front-door"
timezone = "Europe/Paris"

[device]
hostname = "maitred"

[wifi]
ssid = "Chez Emile"
password = "8 to 63 characters"
country = "FR"

[dashboard]
password = "10 characters or more"

[uplink]
url = "https://census.example.com/v1/windows"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
```

What stands there for passwords and the secret is an example, and refused as such: write your own.

The file is read at every start, by `maitred-provision.service`, before the network and the agent begin. To change a
thing, change the file and start the device again. A section that you take out is taken off the device: without
`[wifi]` it is back on the cable. Without any file, the last one is put back without its secrets; a device that never
had one gets a template.

## Passwords and secrets

`password` and `secret` are plain text when you write them. The device takes them over at its next start: it keeps
them where root alone reads, and blanks them in the file. The line then looks like this:

```toml
password = ""  {NOTE}
```

Leave it so, and what was taken over stays. Write a new one between the quotes, and it takes the old one's place. Take
the line out, and it is forgotten.

In `[camera] source` and `[uplink] url` the password and the whole query (`rtsp://user:password@camera/live?key=…`) are
taken over, too: nobody can know which part of a query is the secret one. The `:` and the `?` stay and stand for them:

```toml
source = "rtsp://user:@camera/live?"  {NOTE_IN_ADDRESS}
```

The rest of the address can be changed around them. A new password goes behind the `:`, a new query, all of it, behind
the `?`; without `:` or `?` what was there is forgotten. In a password `@` is written `%40`, `/` `%2F`, `?` `%3F`, `#`
`%23` and a blank `%20`. User names and paths are taken for no secrets.

The old file's place on the card is overwritten with zeros. What a card keeps by its own wear levelling is out of
reach: give a card away only after it was erased as a whole.

## A mistake in the file

Nothing of a file with a mistake is used. The device comes up with the last settings that were right, or with its
defaults, and lists all mistakes at once, each with its line and the way out:

- in `maitred-problems.txt` beside the file, which is gone once all is well,
- on a screen, above the login prompt, with the device's address,
- in the log: `journalctl -u maitred-provision`.

What the device keeps may be damaged, as cards age. Then it says so in the same places, by the line whose secret it
cannot read any more: write that one again. Until then everything else of the last settings is in force, and of what was
lost whatever the system still has. If the last settings themselves are damaged, nothing is changed until `maitred.toml`
is there and right.

Editors' ways are known: Windows line ends, the marks of UTF-8 and UTF-16, `maitred.toml.txt`. Text wants straight
quotes.
"""

LAST = """\
## What is written where

| What | Where | Owner, mode |
|---|---|---|
| the agent's sections, with whole addresses | `/etc/maitred/maitred.toml` | root:maitred, 0640 |
| the dashboard's password, hashed | `/etc/maitred/dashboard.password` | root:maitred, 0640 |
| the endpoint's secret, the broker's password | `/etc/maitred/uplink.secret`, `/etc/maitred/mqtt.password` | maitred:maitred, 0600 |
| the wireless network | `/etc/NetworkManager/system-connections/maitred-wifi.nmconnection` | root, 0600 |
| the radio's country | `/etc/modprobe.d/maitred-wifi.conf` | root, 0644 |
| name and time zone | `/etc/hostname`, `/etc/hosts`, `/etc/localtime`, `/etc/timezone` | root, 0644 |
| who may log in | `/etc/ssh/authorized_keys.d/maitred-admin`, `/etc/ssh/sshd_config.d/10-maitred.conf`, `/etc/sudoers.d/maitred-admin` | root |
| secrets, last good settings, ssh's host key | `/var/lib/maitred-device` | root, 0700 |

Everything can be written anew from `/var/lib/maitred-device` alone: on a card whose root is read-only, the rest lies
in RAM and is. A power cut at any moment loses nothing: secrets and settings are on the disk before they are blanked,
and each step is done again at the next start. While the partition for it is missing (`--state-mount`, as on the card), nothing
is read or taken over. A configuration of the agent that somebody wrote by hand stays as long
as the file on the boot partition is the untouched template; then it is kept as `/etc/maitred/maitred.toml.by-hand`.

## Logging in

There is no password on the device, and ssh is off, until `[ssh]` has a public key. With one, its owner logs in as
`maitred-admin` (`ssh maitred-admin@maitred.local`), and may do everything with `sudo`. It is a user of its own, so
that root never logs in over the network and the log says who did what. While there is a key, ssh takes no password
from anybody.

## By hand

`sudo /opt/maitred/bin/maitred provision --dry-run` shows what the file would change, `--json` prints it as one document
with all mistakes, `--boot` and `--root` name other folders, `--state-mount` wants `/var/lib/maitred-device` to be a mount
of its own. It exits with 2 if the file has mistakes, and with 1 if something could not be done.

This page is printed by `python -m edge.provision.reference`, and a test holds it against the code.
"""  # noqa: E501 (rows of a table)

SECTIONS = (
    ("device", Device, None), ("wifi", Wifi, None), ("ssh", Ssh, None), ("dashboard", DeviceDashboard, ("password",)),
    ("uplink", DeviceUplink, ("secret",)), ("mqtt", DeviceMqtt, ("password",)),
)  # fmt: skip
"""What the file has beyond the agent's configuration."""


def reference() -> str:
    """The whole page as Markdown."""
    parts = [INTRO]
    for name, model, keys in SECTIONS:
        about = DeviceSettings.model_fields[name]
        beside = "In addition to the [agent's keys](configuration.md):" if keys else about.description
        parts.append(f"## `[{name}]` {about.title}\n\n{beside}\n\n{table(model, keys)}\n")
    return "\n".join([*parts, LAST])


def main() -> None:
    """Print the page."""
    sys.stdout.write(reference())


if __name__ == "__main__":
    main()
