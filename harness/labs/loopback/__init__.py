"""The loopback lab: real programs on real sockets of this machine, with a relay between them."""
