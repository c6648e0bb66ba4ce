"""Contract suites that anyone can hold an impairment, a codec or a lab to."""
