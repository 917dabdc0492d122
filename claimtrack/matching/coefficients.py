"""The model's numbers, written by `python -m tests.benchmarks.matching.fit --write`.

Learnt from checkthat-2022-2a-en/train.jsonl, 997 posts, 14,231 claims alone and among 100,000.
"""

SCORE = {
    "first": 3.8452,
    "second": 1.1446,
    "shared": 1.5499,
    "body": 0.9871,
    "signature": 0.5396,
    "statement": 0.6819,
    "other": 0.8726,
    "query_covered": 2.1698,
    "statement_covered": 2.9113,
    "other_covered": 1.5735,
    "best_covered": 3.6488,
    "similar": 2.7189,
    "numbers": 0.805,
    "numbers_differ": -0.4747,
    "number_missing": -0.7196,
    "names": 1.0116,
    "query_names": 0.6804,
    "letters": 11.3923,
    "length": 3.7337,
    "day": 5.4347,
}
CALIBRATION = {
    "constant": -7.4916,
    "score": 0.2745,
    "lead": 0.8318,
    "day": -0.3849,
}
PAIRS = {
    "constant": -10.5912,
    "score": 0.2939,
    "lead": 0.8621,
    "day": 0.4636,
}
