"""The node types, one file each."""

from __future__ import annotations

from ivrtest.flow.model import Node
from ivrtest.flow.nodes.announce import Announce
from ivrtest.flow.nodes.branch import Branch
from ivrtest.flow.nodes.call_flow import CallFlow
from ivrtest.flow.nodes.callback import Callback
from ivrtest.flow.nodes.collect import Collect
from ivrtest.flow.nodes.hang_up import HangUpNode
from ivrtest.flow.nodes.hours import Hours
from ivrtest.flow.nodes.lookup import Lookup
from ivrtest.flow.nodes.menu import Menu
from ivrtest.flow.nodes.message import Message
from ivrtest.flow.nodes.queue import Queue
from ivrtest.flow.nodes.set import Set
from ivrtest.flow.nodes.survey import Survey
from ivrtest.flow.nodes.transfer import Transfer
from ivrtest.flow.nodes.voicemail import Voicemail

NODE_TYPES: tuple[type[Node], ...] = (
    Announce,
    Menu,
    Collect,
    Set,
    Branch,
    Hours,
    Lookup,
    Queue,
    Transfer,
    Callback,
    Voicemail,
    Survey,
    Message,
    CallFlow,
    HangUpNode,
)
"""All of them. A flow file names each by its `kind`."""
