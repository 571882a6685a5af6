"""Every frame of an image, a folder, a video or a bag, segmented to the same kind, without DDS."""
