"""What can be known to be wrong with code without any model: by name resolution and by its flow."""
