"""Windows of counts by age band and gender, and which of the counts may leave the device."""
