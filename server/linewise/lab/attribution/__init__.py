"""Attribution methods that need the model as torch runs it."""
