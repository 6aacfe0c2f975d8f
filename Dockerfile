# syntax=docker/dockerfile:1
# The service of `wherefrom serve` as an image: see docs/how-to/container.md.
#
#   docker build -t wherefrom .                              asks models on a processor
#   docker build -t wherefrom:cuda --build-arg TORCH=cu130 . on a GPU, where the host has NVIDIA's container toolkit
#
# The Python that constraints.txt was tested with. Renew the digest by `docker buildx imagetools inspect PYTHON`.
ARG PYTHON=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON} AS build
# Which build of torch: `cpu`, or a release of CUDA as https://download.pytorch.org/whl names them.
ARG TORCH=cpu
# Which extras of the package: `ray` beside them makes a worker of a cluster.
ARG EXTRAS=service,heif,sign
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/wherefrom
ENV PATH=/opt/wherefrom/bin:$PATH
WORKDIR /build
COPY constraints.txt ./
RUN pip install --extra-index-url https://download.pytorch.org/whl/${TORCH} -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install -c constraints.txt ".[${EXTRAS}]"

# A profile of an embedded autoencoder, so that the service answers before anybody has profiled a model of their own.
# Its photos are tiles of those that come with the package and with scikit-image.
WORKDIR /demo
RUN mkdir /profiles \
    && python -c "from pathlib import Path; \
from wherefrom.images.embedded import PROFILE_PHOTOS, save_tiles; \
Path('photos').mkdir(); save_tiles(PROFILE_PHOTOS, Path('photos'), size=128, count=100)" \
    && wherefrom generate zoo:kl-f8-a --count 100 --size 128 --out-dir belonging --quiet \
    && wherefrom profile zoo:kl-f8-a --belonging belonging --pool photos=photos --edit none --edit jpeg:90 \
        --out /profiles/kl-f8-a.json --quiet

FROM ${PYTHON}
LABEL org.opencontainers.image.title="wherefrom" \
    org.opencontainers.image.description="Whether a given generative model's decoder made an image, with known error rates" \
    org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/wherefrom /opt/wherefrom
COPY --from=build /profiles /profiles
# Nothing is looked up on the hub and nothing is written but below /tmp, which is memory where the root is read-only.
ENV PATH=/opt/wherefrom/bin:$PATH \
    HF_HUB_OFFLINE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp/cache
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["wherefrom"]
# Refuses to start without keys (--keys FILE, or WHEREFROM_API_KEYS) unless --without-keys is added: a public check.
CMD ["serve", "--profiles", "/profiles", "--host", "0.0.0.0"]
