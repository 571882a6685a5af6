"""Senders, listeners and drivers over ROS 2, each a process of its own."""
