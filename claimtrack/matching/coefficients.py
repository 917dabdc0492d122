"""The model's numbers, written by `python -m tests.benchmarks.matching.fit --write`.

Learnt from checkthat-2022-2a-en/train.jsonl, 997 posts, 14,231 claims alone and among 100,000.
"""

SCORE = {
    "first": 4.0461,
    "second": 1.05,
    "shared": 1.5236,
    "body": 1.6569,
    "signature": 1.0719,
    "statement": 1.0854,
    "other": 1.134,
    "query_covered": 1.3349,
    "statement_covered": 2.4543,
    "other_covered": 0.4599,
    "best_covered": 5.0223,
    "similar": 3.0121,
    "numbers": 0.6354,
    "numbers_differ": -0.6127,
    "number_missing": -0.8673,
    "names": 1.2888,
    "query_names": 0.8035,
    "letters": 12.5961,
    "length": 4.0654,
}
CALIBRATION = {
    "constant": -7.1583,
    "score": 0.2436,
    "lead": 0.7851,
}
