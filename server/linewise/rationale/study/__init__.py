"""Agreement with people: what they would rely on, beside what each method says the model does.

A study is a file of code pieces. People mark tokens in a page of their own and save their answers;
`scoring.score` compares those with each other, with every method and with chance.
"""
