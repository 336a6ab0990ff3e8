"""The process that does the work: it notices when something is due, and runs what an engine brings."""

from posture.worker.giving_way import give_way
from posture.worker.running import run_worker
from posture.worker.stopping import stop_on_signals
from posture.worker.watching import Address

__all__ = ["Address", "give_way", "run_worker", "stop_on_signals"]
