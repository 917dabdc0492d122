"""The model's numbers, written by `python -m tests.benchmarks.matching.fit --write`.

Learnt from checkthat-2022-2a-en/train.jsonl, 997 posts, 14,231 claims alone and among 1,000,000.
"""

SCORE = {
    "first": 3.9619,
    "second": 0.9925,
    "shared": 0.9062,
    "body": 2.4585,
    "signature": 1.332,
    "statement": 0.898,
    "other": 0.5655,
    "query_covered": 1.3459,
    "statement_covered": 2.4638,
    "other_covered": 0.2015,
    "best_covered": 7.2731,
    "similar": 3.0705,
    "numbers": 0.6342,
    "numbers_differ": -0.616,
    "number_missing": -0.8445,
    "names": 1.5037,
    "query_names": 0.7673,
    "letters": 11.6857,
    "length": 5.7698,
}
CALIBRATION = {
    "constant": -6.8456,
    "score": 0.2135,
    "lead": 0.8245,
}
