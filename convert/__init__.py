"""From trained networks to model bundles. Needs the ``convert`` extra; never runs on the device."""
