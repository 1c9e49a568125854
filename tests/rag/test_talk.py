"""Small talk gets a short reply in its language; whatever may be a question to the documents gets none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.talk import reply

ENGLISH = """Hello|hi there!|Hey, Footnote|Good morning|Hello, how are you today?|Nice to meet you.|Thanks
Thank you very much!|Thanks for your help|Thanks a lot, bye!|Many thanks|OK, got it. Thank you
That was very helpful|Goodbye|bye bye|See you later|Good night!|Who are you?
So, what are you exactly?|What's your name?|What can you do?|How do you work?
How do I use Footnote?|Help|Can you help me?|Hi! What can I ask you?|Introduce yourself please
What documents do you have?|How many files are there?|What are your sources?|Are you ChatGPT?
are you GPT-4?|Which model do you use?|Are you a human?|Are you a bot?
Am I talking to a real person?|WHO ARE YOU|  thanks  |Thank you!!! 🙏
Can you tell me about yourself?"""
CHINESE = """你好|您好！|大家好|早上好|你好，在吗？|谢谢|谢谢你！|非常感谢您的帮助|辛苦了|好的，谢谢|再见
拜拜|谢谢，再见。|你是谁？|请问您是谁|你叫什么名字？|你能做什么？|你会什么|你有什么功能呢？
请自我介绍一下|介绍一下你自己|怎么用？|请问怎么使用|你是怎么工作的|我能问什么？|帮助
你能帮我吗？|你有哪些文件？|这里有多少份文档？|你是ChatGPT吗|您是不是 GPT-4？
你用的是什么模型？|你是人吗？|你是机器人吗|我在和真人聊天吗？|你好你是谁|知道了，谢谢！|晚安
你是人工智能吗|你的答案从哪里来的？"""
# Each begins as small talk does, or speaks of Footnote's own things, and asks something of the documents.
QUESTIONS = """Hello Kitty's maker?|Hello, Kitty?|Who are you-know-who's friends?|Thank-you letter of Xi?
Hi-tech exports in 2023?|What can you tell me about 5G?|Who are you quoting in the last answer?
Who are the deputies?|What are you sure of about Jiangsu?
What can you find on future industries?|How do you work with local conditions, according to Xi?
How does it work?|What is this?|Who is he?|What do the documents say?
What documents did the committee publish?|Which files mention Li Yuju?
How many documents did the meeting adopt?|Are you sure?|Are you sure that Xi said so?
What is ChatGPT?|Is ChatGPT named?|Who made ChatGPT?|Which model does the plant build?
Who said goodbye to the delegates?|Goodbye Lenin: who directed it?|Good morning Vietnam
The Help|Help for small firms?|What help do enterprises get?|Thanks, but who gave the speech?
Hello, who is Li Yuju?|What sources does China name?|Help me find the date of the meeting
What can AI do?|Who are we?|How are exports?
How are you paid, asked the deputy; what did Xi say?|Thanksgiving|No||?!|Bye-elections in 2024?"""
QUESTIONS_CHINESE = """你好，李玉菊是谁？|谁是李玉菊？|他是谁？|这是什么？|什么是新质生产力？|感谢信是谁写的？
谢谢，那么出口呢？|再见一面是什么时候？|《你好，李焕英》的导演是谁？
你能告诉我习近平说了什么吗？|会议通过了哪些文件？|你知道未来产业吗？|ChatGPT是什么？
人工智能能做什么？|机器人产业有多大？|哪些文件提到江苏？|怎么用好新技术？|如何使用财政资金？
帮助中小企业的措施？|有多少代表发言？|你认为会议说了什么？|你是说2024年吗？
您好，会议何时召开？|谁向代表们说了再见？"""


def messages(text):
    return [message for line in text.splitlines() for message in line.split("|")]


@pytest.mark.parametrize("message", messages(ENGLISH))
def test_small_talk_is_answered_in_english(message):
    said = reply(message, n_documents=7)
    assert said is not None
    assert said.isascii()
    assert len(said) < 260


@pytest.mark.parametrize("message", messages(CHINESE))
def test_small_talk_is_answered_in_chinese(message):
    said = reply(message, n_documents=7)
    assert said is not None
    assert not said.isascii()
    assert len(said) < 90


@pytest.mark.parametrize("message", messages(QUESTIONS) + messages(QUESTIONS_CHINESE))
def test_a_question_to_the_documents_is_never_taken_for_small_talk(message):
    assert reply(message, n_documents=7) is None


def test_of_several_things_the_one_that_asks_most_is_answered():
    assert reply("Hello! What documents do you have? Thanks.", n_documents=7) == reply(
        "what documents do you have", n_documents=7
    )


def test_the_reply_says_how_many_documents_there_are():
    assert "1,204 documents are here" in str(reply("What can you do?", n_documents=1204))
    assert "1 document is here" in str(reply("Hello", n_documents=1))
    assert "no documents here yet" in str(reply("Hello", n_documents=0))
    assert "目前有12份文档" in str(reply("你能做什么？", n_documents=12))
    assert "还没有文档" in str(reply("你好", n_documents=0))


def test_it_does_not_claim_to_be_a_person_or_another_program():
    assert "no person" in str(reply("Are you human?", n_documents=7))
    assert "不是人" in str(reply("你是人吗？", n_documents=7))
    assert "none of the well-known chatbots" in str(reply("Are you ChatGPT?", n_documents=7))


@settings(deadline=None)
@given(st.text())
def test_any_text_gets_a_reply_or_none(text):
    assert reply(text, n_documents=7) is None or text.strip()


def test_a_long_message_is_no_small_talk_however_it_repeats_itself():
    assert reply("thanks " * 5_000, n_documents=7) is None
