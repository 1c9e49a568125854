"""Every measure: its group, its name, and what it says, in the order in which pages and tables show them."""

MEASURES = {
    "Finding": {
        "nDCG@10": "how high what is relevant stands among the first ten",
        "R@1": "share of gold documents at the first rank",
        "R@5": "share of gold documents among the first five",
        "R@10": "share of gold documents among the first ten",
        "RR@10": "one over the rank of the first gold document",
        "all@10": "every gold document is among the first ten",
        "passage Success@5": "a gold passage is among the first five",
    },
    "Answering": {
        "accuracy": "share that is right, refusals included",
        "EM": "the words are those of a gold answer, or it is rightly refused",
        "F1": "words shared with the nearest gold answer; 1 for a right refusal",
        "answer in quotes": "a gold answer stands in what is cited",
    },
    "Refusing": {
        "refusal precision": "of what is refused, the share without an answer",
        "refusal recall": "of what has no answer, the share that is refused",
        "refusal F1": "harmonic mean of the two",
        "coverage": "share of questions that are answered",
        "AURC": "area under the risk–coverage curve; compare it at like coverage",
        "ECE": "how far confidence is from the share that is right",
    },
    "Citing": {
        "verbatim": "quotes stand in their documents as cited",
        "cited sentences": "sentences with a claim that have a citation",
        "guard": "sentences all of whose numbers and names stand in what they cite",
        "citation recall": "sentences whose citations meet gold evidence",
        "citation precision": "cited sentences that are gold evidence",
        "evidence F1": "words of the first quote shared with gold evidence",
    },
    "Writing": {
        "written kept": "sentences that a chat model wrote and that were shown",
        "written guard": "written sentences all of whose numbers and names stand in what they cite",
        "answer in text": "a gold answer stands in what is said",
        "written sentences": "how many sentences of an answer are written",
        "quotes instead": "answers of quotations only, since nothing written stood",
    },
    "Support and conflict": {
        "AUROC": "how well confidence tells supported claims from others; 0.5 is chance",
        "balanced accuracy": "mean recall of both classes; 0.5 is chance",
        "mode accuracy": "it refuses, or shows a conflict, where the case asks for that",
    },
    "Time": {
        "seconds p50": "half of the questions take no longer",
        "seconds p95": "nineteen of twenty questions take no longer",
    },
}
