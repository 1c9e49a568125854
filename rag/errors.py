"""Every error that Footnote raises on purpose.

FootnoteError
├── ConfigError          a setting is unknown or has a value that cannot be used
├── IndexMissing         there is no index where one was named
├── IndexMismatch        the index was made with other settings than those in force
├── IndexBusy            another process is writing to the index
├── IndexDamaged         the stores of the index disagree, or one of them cannot be read
├── StorageFailed        a disk or file system refused to read or write
├── ModelMissing         the weights of a model are not on this machine
├── DocumentError        a file could not be turned into a document
├── UnknownDocument      a document or passage was asked for that the library does not hold
├── GoldError            a line of a file of gold questions cannot be used
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


class StorageFailed(FootnoteError):
    """A disk or file system refused to read or write: it is full, read-only, or gone."""


class ModelMissing(FootnoteError):
    """The weights of a model are not on this machine."""


class DocumentError(FootnoteError):
    """A file could not be turned into a document; the message is the reason, without the path."""


class UnknownDocument(FootnoteError):
    """A document or passage was asked for that the library does not hold."""


class GoldError(FootnoteError):
    """A line of a file of gold questions cannot be used; the message gives file, line and what is wrong."""


class DataMissing(FootnoteError):
    """The data of a measurement, or the run that was to be reported, are not there."""
