"""How much of an explanation is signal, and how much the luck of seeds and of wording."""
