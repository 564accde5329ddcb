"""The security policies and modes of OPC UA that a plant file may ask for. The ones that OPC 10000-7 calls outdated
(Basic128Rsa15, Basic256) are not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from asyncua import ua
from asyncua.crypto.security_policies import (
    SecurityPolicy,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)

_CLASSES: Final[Mapping[str, type[SecurityPolicy]]] = {
    "Basic256Sha256": SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": SecurityPolicyAes256Sha256RsaPss,
}
_MODES: Final = (ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt)
POLICIES: Final[Mapping[str, tuple[type[SecurityPolicy], ua.MessageSecurityMode]]] = MappingProxyType(
    {f"{name}/{mode.name}": (policy, mode) for name, policy in _CLASSES.items() for mode in _MODES}
)
"""By what the plant file writes; ``None`` is not among them."""
