"""The page that shows a running node in a browser, and the server behind it; without ROS."""
