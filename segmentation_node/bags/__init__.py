"""Bags of ROS 2 (mcap, sqlite3), read, written and replayed without ROS."""
