"""The scenario language: from text to a frozen Scenario."""
