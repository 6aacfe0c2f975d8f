"""Floor 9: a service is asked from Python, without torch. Needs the extra `client`."""

from __future__ import annotations

from wherefrom.client.asking import Client, Image
from wherefrom.client.problems import ServiceProblem

__all__ = ["Client", "Image", "ServiceProblem"]
