"""The network as pure values: packets in, fates out."""
