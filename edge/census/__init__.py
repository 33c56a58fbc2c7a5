"""Windows of counts by age band and gender, and what of them may leave the device."""
