"""Fetching addresses: what is taken, and everything that a server, a name or an address may do to a program."""

import gzip
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import IngestReport, ingest, read_folder, remove
from ingest.addresses import canonical, is_address, shown, why_refused
from ingest.fetch import Fetcher, Limits
from ingest.kinds import _KINDS, as_utf8
from ingest.readers import SUFFIXES
from ingest.robots import Rule, is_allowed, rules_for
from ingest.wire import Deadline, Network
from rag.app import Assistant
from rag.config import Config
from rag.errors import DocumentError
from tests.fakes import FakeEmbedder, RefusingEmbedder

PUBLIC = "93.184.215.14"
ARTICLE = """<html lang="en"><head><title>The harbour of Marn opens</title>
<meta property="og:site_name" content="Coast Post"><meta name="author" content="Ada Reed">
<meta property="article:published_time" content="2021-05-02T08:00:00Z"></head><body><article>
<h1>The harbour of Marn opens</h1><p>The harbour of Marn opened on Sunday after four years of work, the mayor said.</p>
<p>Ships of up to two hundred metres can now berth there, twice as many as before the works began.</p>
</article></body></html>"""


def answer(body=ARTICLE, *, status=200, kind="text/html; charset=utf-8", **headers):
    body = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": kind, "Content-Length": str(len(body))} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


def moved(target, status=302):
    return answer("", status=status, Location=target)


class Site:
    """A server on this machine: `pages` holds for each path the bytes of an answer, or several to be sent slowly."""

    def __init__(self):
        self.pages = {}
        self.asked, self.headers = [], []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                site.headers.append(dict(self.headers))
                self.close_connection = True
                page = site.pages.get(self.path, answer("nothing", status=404))
                try:
                    for part in [page] if isinstance(page, bytes) else page():
                        self.wfile.write(part)
                except OSError:
                    pass  # the reader has had enough

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def at(self, path):
        return f"http://{self.host}{path}"

    def fetcher(self, **limits):
        return Fetcher(Limits(**limits), Network(exempt=frozenset({self.host})))

    def why(self, path, **limits):
        return refusal(self.fetcher(**limits), self.at(path))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Detour(httpcore.NetworkBackend):
    """Connects to a site on this machine, whatever is asked for, and keeps what that was; speaks no TLS."""

    def __init__(self, site):
        self.site, self.dialled, self.named = site, [], []

    def connect_tcp(self, host, port, timeout=None):
        self.dialled.append((host, port))
        stream = httpcore.SyncBackend().connect_tcp("127.0.0.1", self.site.port, timeout)
        stream.start_tls = lambda _context, name, _timeout: self.named.append(name) or stream
        return stream


@pytest.fixture(scope="module", autouse=True)
def _warm_disk():
    """Load once what the process of the readers loads within its limit of time, from a disk that may be busy."""
    import trafilatura  # noqa: F401


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


@pytest.fixture
def elsewhere():
    site = Site()
    yield site
    site.close()


def refusal(fetcher, address):
    with pytest.raises(DocumentError) as failed:
        fetcher.fetch(address)
    return str(failed.value)


def abroad(site, names):
    """Make a fetcher for which the names of a table are hosts of the Internet, and all their pages those of a site."""
    backend = Detour(site)

    def find(host, _port):
        found = names.get(host, [])
        found = found.pop(0) if found and isinstance(found[0], list) else found
        if not found:
            raise socket.gaierror(-2, "Name or service not known")
        return found

    return Fetcher(Limits(seconds=20), Network(find, ssl.create_default_context, backend)), backend


def bring_in(site, address, root, embedder=None):
    fetcher = Fetcher(Limits(seconds=20), Network(exempt=frozenset({site.host})))
    return ingest([address], root, config=Config(), embedder=embedder or FakeEmbedder(), fetcher=fetcher)


def documents(root):
    with Assistant(root, Config(), embedder=FakeEmbedder()) as bot:
        return bot.documents()


# In and out of the index


def test_a_page_becomes_a_document_with_what_it_says_of_itself_and_its_address(site, tmp_path):
    site.pages["/news/harbour.html"] = answer()
    report = bring_in(site, site.at("/news/harbour.html#top"), tmp_path / "index")
    assert report == IngestReport(added=(site.at("/news/harbour.html"),)), report
    (document,) = documents(tmp_path / "index")
    assert (document.source, document.url) == (site.at("/news/harbour.html"),) * 2
    assert (document.title, document.publisher, document.author, str(document.published)) == (
        "The harbour of Marn opens", "Coast Post", "Ada Reed", "2021-05-02",
    )  # fmt: skip
    assert "twice as many as before" in document.text


def test_the_same_page_again_is_unchanged_and_a_new_text_updates_it(site, tmp_path):
    address, root = site.at("/a"), tmp_path / "index"
    site.pages["/a"] = answer()
    bring_in(site, address, root)
    assert bring_in(site, address, root, RefusingEmbedder()) == IngestReport(unchanged=(address,))
    site.pages["/a"] = answer(ARTICLE.replace("</body>", "<script>let visit = 7</script></body>"))
    assert bring_in(site, address, root, RefusingEmbedder()) == IngestReport(unchanged=(address,))
    site.pages["/a"] = answer(ARTICLE.replace("Sunday", "Monday"))
    assert bring_in(site, address, root) == IngestReport(updated=(address,))
    assert "on Monday" in documents(root)[0].text


def test_a_page_that_is_gone_is_said_to_be_gone_and_stays(site, tmp_path):
    address, root = site.at("/a"), tmp_path / "index"
    site.pages["/a"] = answer()
    bring_in(site, address, root)
    for status, words in ((404, "is not there (HTTP 404)"), (410, "is gone (HTTP 410)"), (503, "try again later")):
        site.pages["/a"] = answer("no", status=status)
        ((source, reason),) = bring_in(site, address, root).failed
        assert source == address
        assert words in reason
        assert len(documents(root)) == 1


def test_folders_that_are_brought_in_step_leave_fetched_pages_alone(site, tmp_path):
    site.pages["/a"] = answer()
    (tmp_path / "note.md").write_text("# Note\n\nThe bridge is closed.\n", encoding="utf-8")
    root = tmp_path / "index"
    bring_in(site, site.at("/a"), root)
    for place in (tmp_path, tmp_path.parent):
        assert ingest([place], root, config=Config(), embedder=FakeEmbedder()).removed == ()
    assert site.at("/a") in [document.source for document in documents(root)]


def test_a_redirect_is_known_by_the_address_where_it_ends(site, tmp_path):
    site.pages |= {"/old": moved("/new", 301), "/short": moved("new?"), "/new": answer(), "/new?": answer()}
    root = tmp_path / "index"
    fetcher = site.fetcher()
    asked = [site.at("/old"), site.at("/new"), site.at("/old")]
    report = ingest(asked, root, config=Config(), embedder=FakeEmbedder(), fetcher=fetcher)
    assert report == IngestReport(added=(site.at("/new"),))
    assert bring_in(site, site.at("/old"), root) == IngestReport(unchanged=(site.at("/new"),))


def test_a_fetched_page_is_removed_by_its_address_in_any_spelling(site, tmp_path):
    site.pages["/a/b"] = answer()
    bring_in(site, site.at("/a/b"), tmp_path / "index")
    spelled = f"HTTP://{site.host}/a/./x/../b#part"
    assert remove([spelled], tmp_path / "index", config=Config()) == [site.at("/a/b")]


def test_a_path_that_lost_a_slash_of_its_address_is_still_one(site, tmp_path):
    site.pages["/a"] = answer()
    assert bring_in(site, Path(site.at("/a")), tmp_path / "index").added == (site.at("/a"),)


def test_a_page_without_an_article_fails_by_its_address_and_by_where_that_led(site, tmp_path):
    site.pages |= {"/a": moved("/b"), "/b": answer("<html></html>")}
    ((source, reason),) = bring_in(site, site.at("/a"), tmp_path / "index").failed
    assert source == site.at("/a")
    assert reason == f"leads to {site.at('/b')}, which is a web page in which no article was found"


def test_addresses_are_not_read_as_folders():
    with pytest.raises(DocumentError, match="only files are read here"):
        read_folder("https://a.example/")


def test_no_setting_lets_a_user_reach_this_machine(site, tmp_path, monkeypatch):
    monkeypatch.setenv("FOOTNOTE_FETCH_EXEMPT", site.host)
    report = ingest([site.at("/a"), f"https://{site.host}/a"], tmp_path / "index", config=Config())
    assert "is not encrypted" in report.failed[0][1]
    assert "a loopback address" in report.failed[1][1]
    assert site.asked == []


# What is asked, and of whom


def test_a_server_learns_who_asks_and_nothing_else(site):
    site.pages |= {"/a": moved("/b"), "/b": answer(Set_Cookie="id=7")}
    site.fetcher().fetch(site.at("/a"))
    assert site.asked == ["/robots.txt", "/a", "/b"]
    for sent in site.headers:
        assert sent["User-Agent"].startswith("Footnote")
        assert sorted(sent) == ["Accept", "Accept-Encoding", "Connection", "Host", "User-Agent"]
        assert sent["Host"] == site.host


def test_unencrypted_addresses_are_refused_and_the_encrypted_form_proposed():
    words = refusal(Fetcher(), "http://a.example/b?c=1")
    assert "is not encrypted" in words
    assert words.endswith("try https://a.example/b?c=1")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://me:secret@a.example/", "user name or a password"),
        ("https://me@a.example/", "user name or a password"),
        ("https://good.example\\@a.example/", "user name or a password"),
        ("https://a.example\\b", "no name of a host"),
        ("https://a.example/\\b", "backslash"),
        ("https://", "names no host"),
        ("https:///", "names no host"),
        ("https://a.example:99999/", "no port 99999"),
        ("https://a.example:0/", "no port 0"),
        ("https://a.example:x/", "is no address"),
        ("https://a b.example/", "no name of a host"),
        ("https://a%2eb/", "no name of a host"),
        ("https://a\u200bb.example/", "is no address"),
        ("https://a.example/\x00", "is no address"),
        ("https://a.example/\ud800", "is no address"),
        ("https://[fe80::1%25eth0]/", "interface"),
        ("https://[::1/", "is no address"),
        (f"https://{'a' * 64}.example/", "no name of a host"),
        ("https://a.example/" + "a" * 100_000, "100,018 characters"),
        ("ftp://a.example/b", "only https:// is fetched"),
        ("file:///etc/passwd", "only https:// is fetched"),
        ("https://2130706433/", "unusual spelling"),
        ("https://0177.0.0.1/", "is no address"),
        ("https://127.1/", "unusual spelling"),
        ("https://0x7f.0.0.1/", "unusual spelling"),
        ("https://0x7f000001/", "unusual spelling"),
        ("https://１２７.０.０.１/", "is no address"),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(address, words, tmp_path):
    assert is_address(address)
    with pytest.raises(DocumentError, match=words.replace("?", r"\?")):
        canonical(address)
    ((source, reason),) = ingest([address], tmp_path / "index", config=Config()).failed
    assert words in reason
    assert "secret" not in source + reason
    assert len(source) <= 2_000


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("HTTPS://A.Example", "https://a.example/"),
        ("https:/a.example/b", "https://a.example/b"),
        ("https://a.example.:443/b/../c#d", "https://a.example/c"),
        ("HTTPS://a.example:443/", "https://a.example/"),
        ("https://a.example:8443/", "https://a.example:8443/"),
        ("https://港口.example/船?名=一", "https://xn--6orv52d.example/%E8%88%B9?%E5%90%8D=%E4%B8%80"),
        ("https://a.example/%e8%88%b9", "https://a.example/%E8%88%B9"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://[2606:2800:0220::0001]/", "https://[2606:2800:220::1]/"),
        (" https://a.example/ ", "https://a.example/"),
    ],
)
def test_every_spelling_of_an_address_is_one_name(given, known):
    assert canonical(given) == known
    assert canonical(known) == known


@given(st.text(max_size=60))
def test_whatever_follows_the_scheme_is_an_address_that_keeps_its_spelling_or_an_error_in_words(rest):
    try:
        known = canonical(f"https://{rest}")
    except DocumentError:
        return
    assert canonical(known) == known
    assert known.isascii()
    assert "@" not in known.split("/")[2]


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        ("127.0.0.1", "loopback"), ("127.9.9.9", "loopback"), ("::1", "loopback"), ("0.0.0.0", "unspecified"),  # noqa: S104
        ("::", "unspecified"), ("10.1.2.3", "private"), ("172.31.0.1", "private"), ("192.168.0.1", "private"),
        ("fd00::1", "private"), ("fec0::1", "private"), ("169.254.169.254", "link-local"), ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"), ("100.64.0.1", "carrier's"), ("100.127.255.255", "carrier's"),
        ("224.0.0.1", "multicast"), ("239.1.1.1", "multicast"), ("ff02::1", "multicast"),
        ("::ffff:127.0.0.1", "disguised IPv4"), ("::ffff:8.8.8.8", "disguised IPv4"), ("::7f00:1", "disguised IPv4"),
        ("2002:7f00:1::", "disguised IPv4"), ("64:ff9b::7f00:1", "loopback"), ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b:1::1", "disguised IPv4"), ("2001::1", "reserved"), ("2001:db8::1", "reserved"),
        ("192.0.2.1", "reserved"), ("192.88.99.1", "reserved"), ("198.19.0.1", "reserved"), ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"), ("4000::1", "reserved"), ("5f00::1", "reserved"),
        ("8.8.8.8", None), (PUBLIC, None), ("2606:4700::1111", None), ("64:ff9b::808:808", None), ("100.128.0.1", None),
        ("172.32.0.1", None),
    ],
)  # fmt: skip
def test_only_machines_of_the_open_internet_are_fetched_from(machine, kind):
    assert why_refused(machine) == kind


@pytest.mark.parametrize(
    "machine",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "[fd00::1]", "0.1.2.3"],
)
def test_an_address_of_a_private_machine_is_refused_by_its_number(site, machine):
    fetcher = Fetcher(Limits(), Network(certificates=ssl.create_default_context))
    words = refusal(fetcher, f"https://{machine}:{site.port}/a")
    assert words.startswith("is on a machine that is not fetched from: ")
    assert site.asked == []


def test_a_name_of_which_any_machine_is_private_is_refused(site):
    fetcher, backend = abroad(site, {"a.example": [PUBLIC, "10.0.0.7"]})
    words = refusal(fetcher, "https://a.example/")
    assert words == "is on a machine that is not fetched from: a.example is 10.0.0.7, a private address"
    assert backend.dialled == []


def test_the_machine_that_was_checked_is_the_one_connected_to_under_the_name_of_the_host(site):
    site.pages["/a"] = answer()
    fetcher, backend = abroad(site, {"a.example": [[PUBLIC], [PUBLIC]]})
    assert fetcher.fetch("https://a.example/a").address == "https://a.example/a"
    assert backend.dialled == [(PUBLIC, 443)] * 2
    assert backend.named == ["a.example"] * 2
    assert [sent["Host"] for sent in site.headers] == ["a.example"] * 2


def test_a_name_that_changes_to_a_private_machine_is_never_followed_there(site):
    site.pages["/a"] = answer()
    fetcher, backend = abroad(site, {"a.example": [[PUBLIC], ["127.0.0.1"]]})
    assert "a.example is 127.0.0.1, a loopback address" in refusal(fetcher, "https://a.example/a")
    assert (backend.dialled, site.asked) == ([(PUBLIC, 443)], ["/robots.txt"])


def test_a_machine_that_does_not_answer_is_passed_over_for_the_next_of_its_host(site):
    site.pages["/a"] = answer()
    fetcher, backend = abroad(site, {"a.example": ["8.8.4.4", PUBLIC]})
    connect = backend.connect_tcp

    def refuse_first(host, port, timeout=None):
        if host == "8.8.4.4":
            raise httpcore.ConnectError("refused")
        return connect(host, port, timeout)

    backend.connect_tcp = refuse_first
    assert fetcher.fetch("https://a.example/a").suffix == ".html"


def test_a_host_that_is_not_found_or_does_not_listen_is_said_so(site):
    fetcher, _ = abroad(site, {})
    assert "the host a.example was not found" in refusal(fetcher, "https://a.example/")
    site.close()
    assert site.why("/a").startswith("cannot be reached: ")


def test_a_resolver_that_never_answers_is_given_up(site):
    network = Network(lambda _host, _port: time.sleep(30), backend=Detour(site))
    start = time.monotonic()
    assert refusal(Fetcher(Limits(seconds=0.3), network), "https://a.example/") == "took longer than 0.3 s to fetch"
    assert time.monotonic() - start < 5


def test_a_proxy_of_the_environment_is_not_used_and_said_to_be_passed_over(site, elsewhere, monkeypatch):
    site.pages["/a"] = answer()
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{elsewhere.host}")
    assert site.fetcher().fetch(site.at("/a")).data
    assert elsewhere.asked == []
    site.close()
    assert "the proxy of the environment is not used" in site.why("/a")


def certificate(folder, name):
    """Write a key and a certificate of its own making for a name."""
    x509 = pytest.importorskip("cryptography.x509")
    from datetime import UTC, datetime, timedelta

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_certificate_must_be_the_hosts_and_of_an_authority(site, tmp_path):
    file = certificate(tmp_path, "a.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    site.server.socket = server.wrap_socket(site.server.socket, server_side=True)
    site.pages["/a"] = answer()

    class ToSite(httpcore.SyncBackend):
        def connect_tcp(self, _host, _port, timeout=None):
            return super().connect_tcp("127.0.0.1", site.port, timeout)

    def fetcher(trusted):
        return Fetcher(Limits(seconds=20), Network(lambda *_: [PUBLIC], lambda: trusted, ToSite()))

    ours = ssl.create_default_context(cafile=str(file))
    assert fetcher(ours).fetch("https://a.example/a").suffix == ".html"
    assert "its certificate does not hold" in refusal(fetcher(ours), "https://b.example/a")
    assert "its certificate does not hold" in refusal(fetcher(ssl.create_default_context()), "https://a.example/a")


# Redirects


def test_a_redirect_to_a_private_machine_is_refused(site, elsewhere):
    site.pages["/a"] = moved(f"https://{elsewhere.host}/secret")
    words = site.why("/a")
    assert words.startswith(f"leads to https://{elsewhere.host}/secret, which is on a machine that is not fetched from")
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://a.example/", "which is not encrypted"),
        ("file:///etc/passwd", "only https:// is fetched"),
        ("javascript:alert(1)", "only https:// is fetched"),
        ("https://me:secret@a.example/", "leads to https://…@a.example/, which holds a user name"),
        ("https://2130706433/", "unusual spelling"),
        ("https://" + "a" * 3_000, "3,00"),
        ("//[", "no address"),
        ("", "does not say where to"),
    ],
)
def test_a_redirect_to_what_is_never_fetched_is_refused(site, target, words):
    site.pages["/a"] = moved(target)
    seen = site.why("/a")
    assert words in seen
    assert "secret" not in seen


def test_redirects_in_a_circle_and_without_end_are_cut(site):
    site.pages |= {"/a": moved("/b"), "/b": moved("/a"), "/self": moved("/self#again")}
    site.pages |= {f"/{n}": moved(f"/{n + 1}") for n in range(20)}
    assert site.why("/a") == f"leads in a circle, by way of {site.at('/a')}"
    assert "in a circle" in site.why("/self")
    assert "is passed on more than 5 times" in site.why("/1")
    assert site.asked.count("/6") == 1
    assert "/7" not in site.asked


# How much, and for how long


def test_what_is_too_large_is_refused_before_it_is_read_and_when_its_length_is_a_lie(site):
    site.pages |= {
        "/said": answer(b"x" * 2_000),
        "/unsaid": answer(b"x" * 2_000, Content_Length=None),
        "/chunks": lambda: [
            answer(b"", Content_Length=None, Transfer_Encoding="chunked"),
            *[b"400\r\n" + b"x" * 1024 + b"\r\n"] * 99,
        ],
        "/fits": answer(b"x" * 1_000),
    }
    for path in ("/said", "/unsaid", "/chunks"):
        assert site.why(path, size=1_000) == "is larger than 0.001 MB, which is the most that is fetched"
    assert len(site.fetcher(size=1_000).fetch(site.at("/fits")).data) == 1_000


def test_a_body_that_ends_before_its_length_is_no_document(site):
    site.pages |= {
        "/short": answer(ARTICLE, Content_Length="99999"),
        "/chunk": answer(b"10\r\nhalf", Content_Length=None, Transfer_Encoding="chunked"),
        "/gzip": answer(gzip.compress(ARTICLE.encode())[:-20], Content_Encoding="gzip"),
    }
    for path in site.pages:
        assert site.why(path).startswith("broke off")


def test_a_length_that_is_a_smaller_lie_brings_no_more_than_it_says(site):
    site.pages["/a"] = answer(ARTICLE, Content_Length="10")
    assert len(site.fetcher().fetch(site.at("/a")).data) == 10


@pytest.mark.parametrize("length", ["-5", "many", "10, 20", "1" * 400])
def test_a_length_that_is_no_number_is_refused(site, length):
    site.pages["/a"] = answer(ARTICLE, Content_Length=length)
    assert site.why("/a").startswith(("broke off, or sent what is no HTTP", "is larger than"))


def test_what_is_packed_is_unpacked(site):
    data = ARTICLE.encode()
    site.pages |= {
        "/one": answer(gzip.compress(data), Content_Encoding="gzip"),
        "/two": answer(gzip.compress(data[:100]) + gzip.compress(data[100:]), Content_Encoding="x-gzip"),
        "/large": answer(gzip.compress(b"x" * 5_000_000), Content_Encoding="gzip"),
    }
    assert site.fetcher().fetch(site.at("/one")).data == data
    assert site.fetcher().fetch(site.at("/two")).data == data
    assert site.fetcher().fetch(site.at("/large")).data == b"x" * 5_000_000


def test_a_bomb_is_given_up_at_the_limit(site):
    bomb = gzip.compress(b"\0" * 50_000_000)
    site.pages |= {
        "/bomb": answer(bomb, Content_Encoding="gzip"),
        "/members": answer(gzip.compress(b"") * 60_000, Content_Encoding="gzip", Content_Length=None),
        "/twice": answer(gzip.compress(bomb), Content_Encoding="gzip, gzip"),
    }
    assert "is larger than 1 MB" in site.why("/bomb", size=1_000_000)
    assert "larger packed" in site.why("/members", size=1_000_000)
    assert "is packed as gzip, gzip" in site.why("/twice")


@pytest.mark.parametrize("packing", ["br", "zstd", "deflate", "x" * 500])
def test_a_packing_that_was_not_asked_for_is_refused(site, packing):
    site.pages["/a"] = answer(Content_Encoding=packing)
    words = site.why("/a")
    assert "is packed as" in words
    assert len(words) < 200


def test_what_is_damaged_is_refused(site):
    site.pages["/a"] = answer(Content_Encoding="gzip")
    assert site.why("/a") == "is damaged: it cannot be unpacked"


def drip(first, byte):
    def parts():
        yield first
        while True:
            time.sleep(0.05)
            yield byte

    return parts


def test_a_server_that_drips_is_left_when_the_time_is_up(site):
    site.pages |= {
        "/body": drip(answer("", Content_Length=None), b"x"),
        "/head": drip(b"HTTP/1.1 200 OK\r\nX-", b"x"),
        "/status": drip(b"HTTP/1.1", b""),
        "/early": drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    }
    for path in site.pages:
        start = time.monotonic()
        assert site.why(path, seconds=0.6) == "took longer than 0.6 s to fetch"
        assert time.monotonic() - start < 5


def test_all_redirects_share_one_time(site):
    def slow(n):
        def parts():
            time.sleep(0.3)
            yield moved(f"/{n + 1}")

        return parts

    site.pages |= {f"/{n}": slow(n) for n in range(9)}
    assert "took longer than 0.7 s" in site.why("/0", seconds=0.7)


@pytest.mark.parametrize(
    "noise",
    [b"", b"\x00" * 100, b"SSH-2.0-x\r\n", b"HTTP/9 200\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 99_999],
)
def test_what_is_no_answer_is_refused(site, noise):
    site.pages["/a"] = noise
    assert site.why("/a").startswith("broke off, or sent what is no HTTP")


# What kinds


@pytest.mark.parametrize(
    "kind", ["image/png", "application/json", "text/css", "video/mp4", "application/gzip", "a/" + "b" * 999]
)
def test_kinds_that_no_reader_takes_are_refused_by_name(site, kind):
    site.pages["/a.html"] = answer(kind=kind)
    words = site.why("/a.html")
    assert f"is of the kind {kind[:20]}" in words
    assert len(words) < 300


@pytest.mark.parametrize(
    ("path", "kind", "suffix"),
    [
        ("/a", "TEXT/HTML", ".html"),
        ("/a.php", "application/xhtml+xml; charset=utf-8", ".html"),
        ("/a", "application/pdf", ".pdf"),
        ("/a.md", "text/plain", ".md"),
        ("/a.html", "text/plain", ".txt"),
        ("/a", "text/plain", ".txt"),
        ("/a.PDF", "application/octet-stream", ".pdf"),
        ("/%61%2Edocx", "application/zip", ".docx"),
        ("/a.csv", None, ".csv"),
        ("/a.doc", "application/msword", ".doc"),
    ],
)  # fmt: skip
def test_the_reader_is_chosen_by_what_the_server_says_and_else_by_the_name(site, path, kind, suffix):
    site.pages[canonical(site.at(path)).removeprefix(site.at(""))] = answer(kind=kind)
    assert site.fetcher().fetch(site.at(path)).suffix == suffix


def test_the_name_of_a_download_tells_its_kind(site):
    site.pages["/get?id=3"] = answer(
        kind="application/octet-stream", Content_Disposition='attachment; filename="r.pdf"'
    )
    site.pages["/get"] = answer(kind="application/octet-stream")
    assert site.fetcher().fetch(site.at("/get?id=3")).suffix == ".pdf"
    assert "is of the kind application/octet-stream" in site.why("/get")
    site.pages["/get"] = answer(kind=None)
    assert "does not say of what kind it is" in site.why("/get")


def test_every_kind_that_is_fetched_has_a_reader():
    assert set(_KINDS.values()) <= set(SUFFIXES)


def test_a_text_without_a_title_is_called_by_its_name_and_dated_by_its_address(site, tmp_path):
    page = (
        "<html><body><article><p>"
        + "The ferry to Kell runs twice a day in summer. " * 5
        + "</p></article></body></html>"
    )
    path = "/2024/06-18/%E6%B8%A1%E8%BD%AE-ferry_times.html"
    site.pages[path] = answer(page)
    bring_in(site, site.at(path), tmp_path / "index")
    (document,) = documents(tmp_path / "index")
    assert (document.title, str(document.published)) == ("渡轮 ferry times", "2024-06-18")


@pytest.mark.parametrize(
    ("text", "charset", "written"),
    [
        ("<p>港口</p>", "gb2312", "gb18030"),
        ("<p>港口</p>", "GBK", "gb18030"),
        ("<p>€ é</p>", "windows-1252", "cp1252"),
        ("<meta charset='gbk'><p>港口</p>", "", "gb18030"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=shift_jis"><p>港</p>', "gbk", "cp932"),
        ("<p>港口</p>", "utf-16le", "utf-16le"),
    ],
)
def test_the_page_and_then_the_header_say_what_a_text_is_written_in(text, charset, written):
    assert as_utf8(text.encode(written), charset).decode() == text


@pytest.mark.parametrize(
    "charset", ["", "utf-8", "iso-8859-1", "unicode_escape", "punycode", "zlib", "rot13", "none such", "x" * 999]
)
def test_a_header_that_says_nothing_of_use_changes_nothing(charset):
    for data in ("港口".encode("gb18030"), "港口".encode(), b"\xff\xfe\x00", b""):
        assert as_utf8(data, charset) == data


def test_a_page_in_an_old_encoding_is_read_by_its_header(site, tmp_path):
    words = "六月十八日港口开放。" * 3
    page = f"<html lang='zh'><head><title>港口</title></head><body><article><p>{words}</p></article></body></html>"
    site.pages["/a"] = answer(page.encode("gb18030"), kind="text/html; charset=gb2312")
    bring_in(site, site.at("/a"), tmp_path / "index")
    (document,) = documents(tmp_path / "index")
    assert (document.title, document.text, document.language) == ("港口", words, "zh")


# robots.txt


def test_a_site_that_wants_no_programs_is_left_alone(site):
    site.pages |= {
        "/robots.txt": answer("User-agent: *\nDisallow: /private/\n", kind="text/plain"),
        "/private/a": answer(),
    }
    site.pages |= {"/a": moved("/private/a"), "/b": answer()}
    fetcher = site.fetcher()
    words = f"is not for programs: {site.at('/robots.txt')} forbids to fetch it"
    assert refusal(fetcher, site.at("/private/a")) == words
    assert refusal(fetcher, site.at("/%70rivate/a")) == words
    assert refusal(fetcher, site.at("/a")) == f"leads to {site.at('/private/a')}, which {words}"
    assert fetcher.fetch(site.at("/b")).data
    assert site.asked == ["/robots.txt", "/a", "/b"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_site_whose_rules_cannot_be_had_is_left_alone(site, status):
    site.pages |= {"/robots.txt": answer("", status=status), "/a": answer()}
    assert f"has a robots.txt that cannot be had (HTTP {status})" in site.why("/a")
    assert "/a" not in site.asked


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_site_without_rules_forbids_nothing(site, status):
    site.pages |= {"/robots.txt": answer("", status=status), "/a": answer()}
    assert site.fetcher().fetch(site.at("/a")).data


def test_the_rules_of_a_site_are_fetched_within_the_same_limits(site, elsewhere):
    site.pages["/a"] = answer()
    for page, words in (
        (moved(f"https://{elsewhere.host}/robots.txt"), "has a robots.txt that leads to"),
        (moved("/robots.txt"), "in a circle"),
        (drip(answer("", Content_Length=None), b"x"), "took longer than"),
        (answer(gzip.compress(b"\0" * 9_000_000)[:-9], Content_Encoding="br"), "is packed as br"),
    ):
        site.pages["/robots.txt"] = page
        assert words in site.why("/a", seconds=0.6)
    assert elsewhere.asked == []
    assert "/a" not in site.asked
    rules = b"User-agent: *\nDisallow: /a\n" + b"#" * 5_000_000
    site.pages["/robots.txt"] = answer(gzip.compress(rules), Content_Encoding="gzip")
    assert "is not for programs" in site.why("/a")


@pytest.mark.parametrize(
    ("text", "target", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("user-agent:*\ndisallow:/ # all", "/a", False),
        ("User-agent: Other\nDisallow: /", "/a", True),
        ("User-agent: Other\nUser-agent: Footnote/2.0\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: footnote\nDisallow: /b", "/a", True),
        (
            "User-agent: footnote\nDisallow: /b\n\nUser-agent: x\nDisallow: /\n\nUser-agent: footnote\nDisallow: /a",
            "/a",
            False,
        ),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", False),
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /*?print", "/x?print=1", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /船", "/%E8%88%B9/x", False),
        ("User-agent: *\nDisallow: /%e8%88%b9", "/%E8%88%B9", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        ("\ufeffUser-agent: *\r\nSitemap: x\r\nDisallow: /a", "/a", False),
        ("Disallow: /\nnonsense\n:\n", "/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ],
)
def test_the_longest_rule_for_this_program_decides(text, target, allowed):
    assert is_allowed(target, rules_for("Footnote", text)) is allowed


def test_hostile_rules_take_no_time():
    rule = Rule(False, "/" + "*a" * 50_000 + "$")
    start = time.monotonic()
    assert is_allowed("/" + "a" * 2_000 + "b", [rule] * 5)
    assert time.monotonic() - start < 2


@given(st.text(max_size=300), st.text(max_size=30))
def test_any_text_is_rules_or_none(text, target):
    assert is_allowed(f"/{target}", rules_for("Footnote", text)) in {True, False}


# Small things


def test_an_address_is_shown_without_its_password_and_never_at_length():
    assert shown("https://me:p@ss@a.example/x") == "https://…@a.example/x"
    assert len(shown("https://a.example/" + "x" * 9_999)) == 101


def test_a_deadline_that_has_passed_leaves_nothing():
    with pytest.raises(DocumentError, match="took longer than 0 s"):
        Deadline(0).left()
