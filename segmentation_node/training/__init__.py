"""Networks, datasets, the training loop, and the export to ONNX with its sidecar and model card."""
