"""From detections to tracks: who is who from frame to frame, also after a few seconds out of sight."""
