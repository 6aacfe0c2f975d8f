"""What StyleGAN2 and StyleGAN-XL share: layers with equalised rates, resampling, mapping, truncation, latent spaces."""
