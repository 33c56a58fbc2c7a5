"""``python -m edge.provision.reference`` prints docs/provisioning.md from the sections' own descriptions."""

from __future__ import annotations

import sys

from edge.config.reference import table
from edge.provision.secrets import NOTE, NOTE_IN_ADDRESS
from edge.provision.settings import Device, DeviceDashboard, DeviceMqtt, DeviceSettings, DeviceUplink, Ssh, Wifi

INTRO = f"""\
# Setting a device up: `maitred.toml` on the boot partition

Every computer shows the first partition of the card. On it is the file `maitred.toml`. The device takes its settings
from this file at each start. The file holds the sections of [the agent's configuration](configuration.md), and some
that only a device needs. The [glossary](glossary.md) explains words such as *agent*, *device* and *site*.

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

The passwords and the secret above are examples, which the device refuses: write your own.

`maitred-provision.service` reads the file at every start, before the network and the agent begin. To change a setting,
change the file and start the device again. If you delete a section, its settings are removed from the device: without
`[wifi]`, for example, it uses the cable again. If there is no file, the device puts back the last one without its
secrets; a device that never had one gets a template.

## Passwords and secrets

You write `password` and `secret` as plain text. The device takes them over at its next start: it stores them where only
root can read, and blanks them in the file. The line then looks like this:

```toml
password = ""  {NOTE}
```

As long as the line stays like this, the device uses the password that it took over. A new password between the quotes
replaces the old one. If you delete the line, the device forgets the password.

In `[camera] source` and `[uplink] url` the password and the whole query (`rtsp://user:password@camera/live?key=…`)
are taken over, too, because the device cannot know which part of a query is the secret one. The `:` and the `?` stay
and stand for them:

```toml
source = "rtsp://user:@camera/live?"  {NOTE_IN_ADDRESS}
```

You can change the rest of the address around them. Write a new password behind the `:`, and a whole new query behind
the `?`. If you delete the `:` or the `?`, the device forgets the password or the query. In a password, write `@` as
`%40`, `/` as `%2F`, `?` as `%3F`, `#` as `%23` and a blank as `%20`. User names and paths are not treated as secrets.

The old file's place on the card is overwritten with zeros. Copies that the card makes for wear levelling are out of
reach: erase a whole card before you give it away.

## A mistake in the file

If the file has a mistake, nothing of it is used. The device starts with the last settings that were right, or with its
defaults, and lists all mistakes at once, each with its line and the way out:

- in `maitred-problems.txt` beside the file, which is removed when there are no mistakes any more,
- on a screen, above the login prompt, with the device's address,
- in the log: `journalctl -u maitred-provision`.

As cards age, what the device stored may get damaged. Then the device says so in the same places, and names the line
whose secret it cannot read any more: write that secret again. Until then all other settings stay in force, and so
does a lost secret if the system still has it somewhere. If the last settings themselves are damaged, nothing is
changed until there is a `maitred.toml` without mistakes.

The file may have Windows line ends, a byte order mark, the encoding UTF-8 or UTF-16, and a name such as
`maitred.toml.txt`. Text must be in straight quotes.
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
| keys of people who may log in | `/etc/ssh/authorized_keys.d/maitred-admin`, `/etc/ssh/sshd_config.d/10-maitred.conf`, `/etc/sudoers.d/maitred-admin` | root |
| secrets, last good settings, ssh's host key | `/var/lib/maitred-device` | root, 0700 |

Everything else can be written again from `/var/lib/maitred-device`. On a card whose root is read-only the rest is in
RAM, and is written again at each start. A power cut at any moment loses nothing: secrets and settings are on the disk
before they are blanked, and each step is done again at the next start. If the partition for `/var/lib/maitred-device`
is missing (`--state-mount`, as on the card), nothing is read or taken over. If somebody wrote the agent's
configuration by hand, it stays in force as long as the file on the boot partition is the untouched template; after
that it is saved as `/etc/maitred/maitred.toml.by-hand`.

## Logging in

There is no password for logging in to the device, and ssh is off until `[ssh]` has a public key. The owner of that
key logs in as `maitred-admin` (`ssh maitred-admin@maitred.local`), and may do everything with `sudo`. This is a
separate user, so that root never logs in over the network, and the log shows who did what. While
there is a key, ssh accepts no passwords.

## By hand

`sudo /opt/maitred/bin/maitred provision --dry-run` shows what the file would change. `--json` prints it as one
document with all mistakes, `--boot` and `--root` set other folders, and `--state-mount` requires that
`/var/lib/maitred-device` is a mount of its own. The command exits with 2 if the file has mistakes, and with 1 if
something could not be done.

`python -m edge.provision.reference` prints this page, and a test compares the two.
"""  # noqa: E501 (rows of a table)

SECTIONS = (
    ("device", Device, None), ("wifi", Wifi, None), ("ssh", Ssh, None), ("dashboard", DeviceDashboard, ("password",)),
    ("uplink", DeviceUplink, ("secret",)), ("mqtt", DeviceMqtt, ("password",)),
)  # fmt: skip
"""The sections and keys of the file that the agent's configuration does not have."""


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
