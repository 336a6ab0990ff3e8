"""Microsoft Graph: credentials, throttling, paging, reading."""
