"""The shapes of well-known services' tokens.

Taken from what the services themselves document, and from the rules of secret scanners, which
publish them (gitleaks, GitHub's secret scanning). `detect-secrets` was tried in their place: it
takes 0.3 s for a cell of 500 lines, and holds commits and checksums for secrets.
"""

from __future__ import annotations

import functools
import re

__all__ = ["redact_tokens"]

# A shape is only looked for where one of its pieces stands in the text, which takes a hundredth
# of the time of trying all shapes at each place.
_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("sk-",), r"\bsk-[A-Za-z0-9_-]{20,}"),  # OpenAI, Anthropic
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{30,}"),
    (("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
    (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    (("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    (("pypi-",), r"\bpypi-[A-Za-z0-9_-]{50,}"),
    (("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    (("_live_", "_test_"), r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}"),  # Stripe
    (("whsec_",), r"\bwhsec_[A-Za-z0-9+/]{20,}"),
    (("SG.",), r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,}"),  # SendGrid
    (("AC", "SK"), r"\b(?:AC|SK)[0-9a-f]{32}\b"),  # Twilio
    (("key-",), r"\bkey-[0-9a-f]{32}\b"),  # Mailgun
    (("dapi",), r"\bdapi[0-9a-f]{32}\b"),  # Databricks
    (("dop_v1_", "doo_v1_"), r"\bdo[op]_v1_[0-9a-f]{64}\b"),  # DigitalOcean
    (("dckr_pat_",), r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    (
        ("shpat_", "shpca_", "shppa_", "shpss_"),
        r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    ),  # Shopify
    (("sq0atp-", "sq0csp-"), r"\bsq0(?:atp|csp)-[A-Za-z0-9_-]{22,}"),  # Square
    (("EAAA",), r"\bEAAA[A-Za-z0-9_-]{60}\b"),
    ((":AA",), r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),  # Telegram
    ((".",), r"\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"),  # Discord
    (("NRAK-",), r"\bNRAK-[A-Z0-9]{27}\b"),  # New Relic
    (("glsa_",), r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b"),  # Grafana
    (("glc_",), r"\bglc_[A-Za-z0-9+/]{32,}"),
    (("lin_api_",), r"\blin_api_[A-Za-z0-9]{40}\b"),  # Linear
    (("secret_", "ntn_"), r"\b(?:secret|ntn)_[A-Za-z0-9]{43,50}\b"),  # Notion
    (("figd_",), r"\bfigd_[A-Za-z0-9_-]{40,}"),  # Figma
    (("pat",), r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b"),  # Airtable
    (("PMAK-",), r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),  # Postman
    (("dp.",), r"\bdp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{40,}"),  # Doppler
    (("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),  # Vault
    ((".atlasv1.",), r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),  # Terraform
    (("pul-",), r"\bpul-[0-9a-f]{40}\b"),  # Pulumi
    (("rpa_",), r"\brpa_[A-Za-z0-9]{40,}"),  # RunPod
    (("r8_",), r"\br8_[A-Za-z0-9]{37}\b"),  # Replicate
    (("gsk_",), r"\bgsk_[A-Za-z0-9]{40,}"),  # Groq
    (("xai-",), r"\bxai-[A-Za-z0-9]{60,}"),
    (("pplx-",), r"\bpplx-[A-Za-z0-9]{40,}"),  # Perplexity
    (("AGE-SECRET-KEY-1",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    (("ya29.",), r"\bya29\.[A-Za-z0-9_-]{20,}"),  # Google's OAuth
    (("1//0",), r"\b1//0[A-Za-z0-9_-]{30,}"),
    (("sntry",), r"\bsntry[us]?_[A-Za-z0-9+/=_-]{30,}"),  # Sentry
    (("ATATT3", "ATCTT3"), r"\bAT[AC]TT3[A-Za-z0-9_=-]{40,}"),  # Atlassian
    (("hooks.slack.com",), r"\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]{20,}"),
    (
        ("/api/webhooks/",),
        r"\bhttps://discord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{20,}",
    ),
    (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),  # AWS
    (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}"),  # Google
    (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),  # Slack
    # bounded, since each of many "eyJ-" may begin one
    (
        (".eyJ",),
        r"(?<!\w)eyJ[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,}+\.[A-Za-z0-9_-]+",
    ),  # JWT
    (
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
        r"(?:[^-]|-(?!----(?:BEGIN|END) ))*+"
        r"-----END [A-Z ]*PRIVATE KEY-----",
    ),
)
_compiled = functools.cache(re.compile)


def redact_tokens(text: str, mark: str) -> tuple[str, int]:
    """Put a mark in the place of each token, and give how many there were.

    Examples
    --------
    >>> redact_tokens("use hf_" + "a1B2" * 8, "[redacted]")
    ('use [redacted]', 1)
    """
    count = 0
    for pieces, shape in _SHAPES:
        if any(piece in text for piece in pieces):
            text, more = _compiled(shape).subn(mark, text)
            count += more
    return text, count
