"""Labs carry out scenarios; what happened leaves them only as a trace."""
