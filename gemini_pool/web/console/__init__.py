"""The pages that the operator opens in a browser, and the frame that they stand in."""
