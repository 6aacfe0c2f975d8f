"""What the tables share: their setting, the workspace of images, models and scores, and how rows are written down."""
