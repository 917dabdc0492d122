"""Files of each format that something went wrong with: none may end in a traceback.

    python -m tests.mutation --count 10000 --format csv

A file is made by hypothesis, or by changing bytes of one that is right. Reading it gives rows and
refusals, each with its line, or one sentence for the whole file. The suite does so with a few
hundred files (tests/test_mutation.py).
"""
