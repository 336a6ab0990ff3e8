"""What keeps the page safe whatever a single page does: headers, hosts, bodies, forgery, limits, errors."""
