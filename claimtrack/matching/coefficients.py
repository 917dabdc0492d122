"""The model's numbers, written by `python -m tests.benchmarks.matching.fit --write`.

Learnt from checkthat-2022-2a-en/train.jsonl, 997 posts, 14,231 claims.
"""

SCORE = {
    "first": 4.8866,
    "second": 0.9393,
    "shared": 2.2629,
    "body": 0.4845,
    "signature": 0.2655,
    "statement": 1.0919,
    "other": 1.4834,
    "query_covered": 2.8579,
    "statement_covered": 1.9272,
    "other_covered": 1.2045,
    "best_covered": 2.2585,
    "similar": 2.7381,
    "numbers": 0.6835,
    "numbers_differ": -0.5403,
    "number_missing": -0.7415,
    "names": 0.8717,
    "query_names": 0.7533,
    "letters": 10.1949,
    "length": 1.9799,
    "day": 5.7028,
}
CALIBRATION = {
    "constant": -7.8377,
    "score": 0.3091,
    "lead": 0.7738,
    "day": -0.8843,
}
PAIRS = {
    "constant": -12.94,
    "score": 0.44,
    "lead": 0.63,
    "day": 0.0,
}
