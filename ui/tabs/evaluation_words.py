"""What the evaluation tab says, in English and Chinese."""

WORDS = {
    "about": (
        "Asks questions whose answers are known, over the documents of this index, and counts what is right, what is "
        "refused and what is cited. They are asked one by one; others can go on asking meanwhile.",
        "用答案已知的问题检验本索引中的文档，统计回答、拒答和引用的正确情况。问题逐个提出，期间他人仍可照常提问。",
    ),
    "gold": ("Gold questions", "标准问题"),
    "gold info": ("One JSON object a line.", "每行一个JSON对象。"),
    "upload": ("A file of your own (.jsonl)", "上传自己的文件（.jsonl）"),
    "split": ("Part", "部分"),
    "split info": ("Tune on one part, measure on the other.", "在一部分上调整，在另一部分上衡量。"),
    "all": ("all ({})", "全部（{}）"),
    "number": ("Number of questions", "问题数量"),
    "number info": ("Of {}; fewer are always the same ones.", "共{}个；少于全部时，总抽取相同的问题。"),
    "own": ("{} (your own)", "{}（自己的文件）"),
    "gone": ("This file is no longer there; choose it again.", "文件已不存在，请重新选择。"),
    "run": ("Run", "运行"),
    "stop": ("Stop", "停止"),
    "earlier": ("Earlier runs", "以前的运行"),
    "earlier info": ("Those of `footnote eval`, too.", "包括`footnote eval`的运行。"),
    "report": ("The whole report (HTML)", "完整报告（HTML）"),
    "opening": ("Reading the questions and opening the index …", "正在读取问题并打开索引……"),
    "asking": ("{} of {} questions", "已完成{}／{}个问题"),
    "seconds": ("about {} seconds left", "约剩{}秒"),
    "minutes": ("about {} minutes left", "约剩{}分钟"),
    "scoring": ("Scoring …", "正在评分……"),
    "stopping": ("Stopping after the question at hand …", "答完当前问题后停止……"),
    "stopped": (
        "Stopped after {} of {} questions. They are kept: the same run goes on from there.",
        "已在{}／{}个问题后停止。已有结果保留，再次运行会从此处继续。",
    ),
    "done": ("Done.", "完成。"),
    "failed": ("The run ended with an error: {}", "运行出错：{}"),
    "sound": ("{} sound questions.", "{}个有效问题。"),
    "problems": ("{} lines are wrong; mend them and choose the file again:", "有{}处错误，请改正后重新选择文件："),
    "strange": (
        "{} of {} questions cite documents or words that this index does not hold, so they cannot be asked of it. "
        "Add those documents in the library, or choose questions about the documents that are there.",
        "{}／{}个问题所引用的文档或文字不在本索引中，因此无法在此提问。请先在文档库中添加这些文档，或选择针对现有文档的问题。",
    ),
    "shipped": (
        "They are about the documents that ship with Footnote (the folder corpus).",
        "这些问题针对随Footnote附带的文档（corpus文件夹）。",
    ),
    "more": ("and {} more", "另有{}处"),
}
