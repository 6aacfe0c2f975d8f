"""One number or a few an image: how far two images are apart, by pixel, frequency or colour; texture; JPEG traces."""
