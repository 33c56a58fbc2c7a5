"""From detections to visits."""
