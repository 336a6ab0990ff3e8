"""posture finds and fixes identity weaknesses in Microsoft Entra ID."""

__version__ = "0.1.0"
