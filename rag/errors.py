"""Every error that Footnote raises on purpose.

FootnoteError
├── ConfigError          a setting is unknown or has a value that cannot be used
├── IndexMissing         there is no index where one was named
├── IndexMismatch        the index was made with other settings than those in force
├── IndexBusy            another process is writing to the index
├── IndexDamaged         the stores of the index disagree, or one of them cannot be read
│   └── HalfSaved        a writer ended while the graph of vectors was being saved
├── StorageFailed        a disk, a file system or the server of the vectors refused to read or write
├── ModelMissing         the weights of a model, or the package that runs it, are not on this machine
├── WriterFailed         a chat model did not answer: it cannot be reached, refused, or took too long
├── DocumentError        a file could not be turned into a document
├── UnknownDocument      a document or passage was asked for that the library does not hold
├── GoldError            a line of a file of gold questions cannot be used
├── RecordError          a file that should hold stored answers does not
└── DataMissing          the data of a measurement, or the run to report, are not there

A message says what happened, the value seen, and what to do about it.
"""


class FootnoteError(Exception):
    """The root: catching it catches everything that Footnote raises on purpose."""


class ConfigError(FootnoteError):
    """A setting is unknown or has a value that cannot be used."""


class IndexMissing(FootnoteError):
    """There is no index in the folder that was named."""


class IndexMismatch(FootnoteError):
    """The index was made with other settings than those in force."""


class IndexBusy(FootnoteError):
    """Another process holds the writer's lock of the index."""


class IndexDamaged(FootnoteError):
    """The stores of the index disagree, or one of them cannot be read."""


class HalfSaved(IndexDamaged):
    """A writer ended while the graph of vectors was being saved, so it must not be loaded."""


class StorageFailed(FootnoteError):
    """A disk, a file system or the server of the vectors refused to read or write: it is full, read-only, or gone."""


class ModelMissing(FootnoteError):
    """The weights of a model, or the package that runs it, are not on this machine."""


class WriterFailed(FootnoteError):
    """A chat model did not answer: it cannot be reached, refused, or took too long."""


class DocumentError(FootnoteError):
    """A file could not be turned into a document; the message is the reason, without the path."""


class UnknownDocument(FootnoteError):
    """A document or passage was asked for that the library does not hold."""


class GoldError(FootnoteError):
    """A line of a file of gold questions cannot be used; the message gives file, line and what is wrong."""


class RecordError(FootnoteError):
    """A file that should hold stored answers does not, or is damaged; the message says where."""


class DataMissing(FootnoteError):
    """The data of a measurement, or the run that was to be reported, are not there."""
