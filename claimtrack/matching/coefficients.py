"""The model's numbers, written by `python -m tests.benchmarks.matching.fit --write`.

Learnt from checkthat-2022-2a-en/train.jsonl, 997 posts, 14,231 claims.
"""

SCORE = {
    "first": 4.7412,
    "second": 1.1315,
    "shared": 2.4026,
    "body": 0.6606,
    "signature": 0.6456,
    "statement": 1.3318,
    "other": 1.594,
    "query_covered": 2.1896,
    "statement_covered": 1.7512,
    "other_covered": 0.7133,
    "best_covered": 2.5353,
    "similar": 2.7412,
    "numbers": 0.5752,
    "numbers_differ": -0.6024,
    "number_missing": -0.7842,
    "names": 1.0163,
    "query_names": 0.8247,
    "letters": 11.2205,
    "length": 2.0419,
}
CALIBRATION = {
    "constant": -7.6288,
    "score": 0.2831,
    "lead": 0.7515,
}
