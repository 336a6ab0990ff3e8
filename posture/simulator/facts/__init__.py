"""Facts about Microsoft Graph as compact JSON: types, routes with their rules, filter support."""
