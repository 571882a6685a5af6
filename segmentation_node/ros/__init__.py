"""The ROS 2 side: the lifecycle node and the programs that play and record bags."""
