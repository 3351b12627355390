"""Datasets of injected bugs: passing programs, mutated where the tests notice."""
