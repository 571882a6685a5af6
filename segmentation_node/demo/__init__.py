"""The node on real topics: a drive is replayed, answered, recorded, and shown in pictures."""
