"""Small talk and questions about Footnote itself: a short honest reply, without a search.

A message is small talk only as a whole: "Thanks!" is, "Thank-you letter of Xi?" is a question to the documents. What
could be either is searched for: a needless search costs a refusal, a needless reply costs an answer.
"""

from __future__ import annotations

import re
import unicodedata

_MAX_CHARS = 120  # nothing longer is small talk
_MODEL = r"(?:chat ?gpt|gpt ?[\d.]*o?|openai|claude|gemini|deepseek|qwen|llama|copilot|grok|kimi|siri)(?: ?[\d.]+)?"
_BEING = r"(?:an? )?(?:real )?(?:human|human being|person|robot|bot|chat ?bot|machine|ai|language model|llm)"
_TEXTS = r"(?:documents|files|texts|articles|sources)"
_FOR = r"(?: for (?:(?:your|the|all your) )?(?:help|time|answers?|reply|replies|that|this|it))?"
# Each part of a message, without case and punctuation, is one of these or opens another with it. What says most of what
# is wanted comes first.
_ENGLISH = {
    "documents": rf"(?:what|which) {_TEXTS} (?:do you (?:have|know|hold|use|search)|can you search|are (?:there|loaded|"
    rf"indexed))|how many {_TEXTS} (?:do you (?:have|know|hold|use|search)|are (?:there|loaded|indexed))"
    r"|where do you get your (?:answers|information|facts) from|what are your sources",
    "model": rf"are you (?:really |just |based on |powered by )?{_MODEL}|do you use {_MODEL}"
    r"|(?:what|which) (?:language |ai )?(?:model|llm|ai) (?:are you|do you use|are you using)",
    "being": rf"are you (?:really |just |actually )?(?:{_BEING}|real|human|alive)"
    rf"|am i (?:talking|speaking|chatting) (?:to|with) {_BEING}",
    "self": r"(?:who|what) are you|(?:what is|what's|whats) (?:your name|footnote)|introduce yourself|who made you"
    r"|(?:can you )?(?:tell me |say something )?about yourself|what (?:can|do) you do(?: for me)?"
    r"|what are you (?:able to do|capable of|good at)|how (?:do|does) (?:you|footnote) work"
    r"|how (?:do|can|should) i use (?:you|footnote)|how to use (?:you|footnote)|what (?:can|should|may) i ask(?: you)?"
    r"|what (?:kinds? of )?questions can (?:you answer|i ask(?: you)?)|(?:can you |could you )?help(?: me)?(?: out)?"
    r"|i need help",
    "goodbye": r"(?:good ?bye|bye(?: bye)?|see (?:you|ya)(?: (?:later|soon|tomorrow))?|farewell|good ?night|take care"
    r"|have a (?:nice|good|great) (?:day|evening|weekend))",
    "thanks": rf"(?:(?:many |big )?thanks|thank you|thx|cheers)(?: (?:very|so) much| a lot| again| in advance)*{_FOR}"
    r"|much appreciated|i appreciate (?:it|that|your help)|(?:great|good|perfect|excellent|well done|good job)"
    r"|(?:that|this) (?:was|is) (?:very |really )?helpful|(?:ok|okay|got it|i see|all right|alright)",
    "greeting": r"(?:hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day))"
    r"|how are (?:you|things)(?: doing)?(?: today)?|how do you do|nice to meet you|what's up",
}
_CHINESE = {
    "documents": "(?:你|你们|这里|库里)(?:现在)?(?:一共|总共|都)?(?:有|收录了?|能查)"
    "(?:哪些|什么|多少[个份篇]?|几[个份篇])(?:文件|文档|资料|文章)|你的(?:答案|信息|回答|资料)(?:是)?(?:从哪里来|从哪儿来|来自哪里)的?",
    "model": f"你(?:是不是|是|用的是|使用的是|基于|就是) ?(?:{_MODEL}|文心一言|通义千问|豆包|元宝)"
    "|你(?:是|用的是|用|使用)(?:什么|哪个|哪种)(?:语言|大)?模型",
    "being": "你(?:是不是|是)(?:一个|个)?(?:真?人类?|真的人|机器人|程序|人工智能|ai)"
    "|我在(?:和|跟)(?:真?人|机器人)(?:说话|聊天)",
    "self": "你(?:到底|究竟)?是(?:谁|什么|什么东西|(?:干|做)什么的)|你叫什么(?:名字)?"
    "|你(?:都)?(?:能|会|可以)(?:帮我|为我)?(?:做|干)?(?:些|点)?什么|你有(?:什么|哪些)(?:功能|用处|用|本领)"
    "|(?:做个)?自我介绍(?:一下)?|介绍(?:一下)?你自己|你?(?:要|该|应该)?(?:怎么|如何|怎样)(?:用|使用)你?"
    "|你是?(?:怎么|如何|怎样)工作的?|我?(?:能|可以|该)问你?(?:些|点)?(?:什么|哪些问题|什么问题)"
    "|帮助|帮帮我|你(?:能|可以)帮(?:帮|助)?我|使用(?:说明|方法)",
    "goodbye": "再见|再会|拜拜|回头见|明天见|下次见|晚安|回见",
    "thanks": "(?:非常|十分|真是|太|多)?(?:谢谢|感谢|多谢)[你了啦]*(?:的)?(?:帮助|帮忙|回答|解答)?了?|谢了"
    "|辛苦你?了|好的|明白了?|知道了|懂了|很好|太好了|不错|收到",
    "greeting": "(?:你|大家)好|哈喽|哈啰|嗨|在吗|(?:早上|上午|中午|下午|晚上)好|早安?|你好吗|很高兴认识你",
}
# Politeness around a part; it changes nothing.
_BEFORE = r"(?:please|so|well|oh|ok|okay|and|but|excuse me|sorry|hi|hello|hey|thanks|thank you|can you tell me) "
_AFTER = r" (?:please|then|exactly|there|all|everyone|everybody|footnote|so far|now|today|here|again|friend|too)"
_BEFORE_CHINESE = "请问|请|那么|那|嗨|你好|麻烦"
_AFTER_CHINESE = "吗|呢|啊|呀|吧|哦|哈|啦|的呢|嘛|么|一下"
_FILLER = re.compile("so|well|oh|ah|um|please|footnote|then|请问|请|那么|那|啊|哦|嗯")
_BREAK = re.compile(r"[.!?,;:~…。！？，；、\n]+(?:\s+|$)|(?<=[^\x00-\x7f])[.!?,~]|[。！？，；、～…\n]+")
_PATTERNS = {
    ("en", topic): re.compile(rf"(?:{_BEFORE}){{0,3}}(?:{forms})(?:{_AFTER}){{0,3}}")
    for topic, forms in _ENGLISH.items()
} | {
    ("zh", topic): re.compile(rf"(?:{_BEFORE_CHINESE}){{0,3}}(?:{forms})(?:{_AFTER_CHINESE}){{0,3}}")
    for topic, forms in _CHINESE.items()
}
_TOPICS = tuple(_ENGLISH)

_REPLIES = {
    "en": {
        "documents": "{holds} I answer from nothing else: each sentence cites the exact place where it stands.",
        "model": "I am Footnote, a program that answers from your documents, and none of the well-known chatbots. If a "
        "chat model is set, it words the answers, and each sentence is checked against the documents.",
        "being": "I am Footnote, a program and no person. I quote your documents and say where each sentence stands.",
        "self": "I am Footnote, a program: I answer questions from your documents, each sentence cites the exact place "
        "it rests on, and what the documents do not answer I refuse. {holds}",
        "goodbye": "Goodbye.",
        "thanks": "You are welcome. Ask on whenever you like.",
        "greeting": "Hello. Ask me about your documents: each sentence of an answer cites its place. {holds}",
    },
    "zh": {
        "documents": "{holds}我只根据这些文档回答，每句话都注明确切出处。",
        "model": "我是 Footnote，一个根据您的文档回答问题的程序，不是那些知名的聊天机器人。"
        "如果设置了聊天模型，答案由它措辞，每句话都会与文档核对。",
        "being": "我是 Footnote，是程序，不是人。我引用您的文档，并注明每句话的出处。",
        "self": "我是 Footnote，一个程序：我根据您的文档回答问题，每句话都注明确切出处，"
        "文档里没有答案的问题我会拒绝回答。{holds}",
        "goodbye": "再见。",
        "thanks": "不客气，欢迎继续提问。",
        "greeting": "您好。请就您的文档提问，答案的每句话都会注明出处。{holds}",
    },
}


def reply(question: str, *, n_documents: int) -> str | None:
    """Return a reply to small talk or to a question about Footnote, in its language; of anything else, None.

    >>> reply("Thanks a lot!", n_documents=7)
    'You are welcome. Ask on whenever you like.'
    >>> reply("What can you tell me about 5G?", n_documents=7)
    """
    if len(question) > _MAX_CHARS:
        return None
    plain = unicodedata.normalize("NFKC", question).casefold().replace("’", "'").replace("您", "你").strip()
    parts = [" ".join(re.findall(r"[\w.']*[\w']", part)) for part in _BREAK.split(plain)]
    topics = [_topic(part) for part in parts if part and not _FILLER.fullmatch(part)]
    if not topics or None in topics:
        return None
    language = "zh" if any(found and found[0] == "zh" for found in topics) else "en"
    topic = min((found[1] for found in topics if found), key=_TOPICS.index)
    return _REPLIES[language][topic].format(holds=_holds(n_documents, language))


def _topic(part: str) -> tuple[str, str] | None:
    return next((key for key, pattern in _PATTERNS.items() if pattern.fullmatch(part)), None)


def _holds(n_documents: int, language: str) -> str:
    if language == "zh":
        return f"目前有{n_documents}份文档。" if n_documents else "目前还没有文档，请先添加。"
    some = "1 document is" if n_documents == 1 else f"{n_documents:,} documents are"
    return f"{some} here now." if n_documents else "There are no documents here yet; add some first."
