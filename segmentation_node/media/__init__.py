"""Images, folders of images and videos: read and written, with one clear error each."""
