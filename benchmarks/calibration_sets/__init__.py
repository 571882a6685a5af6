"""What INT8 loses where the images that it was calibrated on were taken in another light."""
