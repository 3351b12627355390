"""Compatible models: a target model fine-tuned to predict from any part of its context.

A rationale is read as a shorter text with gaps, which a model pretrained on whole texts has never
seen. Fine-tuning with word dropout shows it such texts (Vafa et al. 2021, arXiv 2109.06387).
"""
