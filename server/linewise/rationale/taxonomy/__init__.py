"""What kind of thing each token of a text is: syntax categories and parts of speech, as data."""
