"""The loopback lab: real sockets, a relay with the link engine, no privileges."""
