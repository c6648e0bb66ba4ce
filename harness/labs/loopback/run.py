"""One run from its first program to its last: the phases, in their order.

Reserve what the machine has only once; start the awaited programs; zero; the timeline until E;
wait for the fates of what is under way; stop the programs; close the log. What goes wrong becomes
a note in the log, and the end comes in the same order.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.clock import MILLISECOND_NS, SECOND_NS, Clock
from harness.errors import HarnessError, RigFault
from harness.labs.base import Plan
from harness.labs.command import fresh_run_id
from harness.labs.director import Begin, Director, EndRun, Order, StartHost, Undo
from harness.labs.loopback.addresses import AddressBook, Platform
from harness.labs.loopback.closed_fronts import ClosedFronts
from harness.labs.loopback.drops import DropWatch, default_buffer
from harness.labs.loopback.edited import sources
from harness.labs.loopback.faces import Face, FaceBook
from harness.labs.loopback.icmp import Refuser
from harness.labs.loopback.kernel_sockets import KernelSockets
from harness.labs.loopback.loop import Loop
from harness.labs.loopback.matcher import Matcher
from harness.labs.loopback.naming import Naming
from harness.labs.loopback.owners import Owners
from harness.labs.loopback.port_plan import PortNeed, port_needs
from harness.labs.loopback.ports import PortPool, is_free
from harness.labs.loopback.programs import Programs
from harness.labs.loopback.relay import Relay
from harness.labs.loopback.steps import Observed, Steps
from harness.labs.loopback.waits import CoreWaits
from harness.labs.loopback.weather import ERRAND, Weather
from harness.labs.process import Guardian
from harness.labs.watch import Watch
from harness.link.fabric import Fabric, Replay
from harness.rng import stream
from harness.scenario.model import Host, Scenario, Send
from harness.scenario.startup import awaits, start_order
from harness.trace.events import Address, Closed, Ended, Lag, Note
from harness.trace.log import Log

LOOK_NS = 50 * MILLISECOND_NS  # how often at least we ask whether the user wants an end
WATCH_NS = SECOND_NS  # how often the kernel's counters are read
FATES_NS = 5 * SECOND_NS  # language, section 11: how long the fates are waited for after E
GONE_NS = 6 * SECOND_NS  # how long the guardian may take to end what is left
GONE_AT_ONCE_NS = 1 * SECOND_NS  # the same when the user wants an end now
DESCRIPTORS = 65_536
Why = Literal["until", "deadline", "interrupted", "error"]


def raise_descriptor_limit() -> None:
    """Every socket of every program takes one of ours; the soft limit is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
