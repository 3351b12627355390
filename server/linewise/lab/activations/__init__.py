"""Hidden states of documents by the product's own input builder, kept on disk; corpora of them."""
