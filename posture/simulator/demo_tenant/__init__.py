"""A made-up company with known gaps of every kind, as large as asked for and always the same."""

from posture.simulator.demo_tenant.assembly import demo_tenant

__all__ = ["demo_tenant"]
